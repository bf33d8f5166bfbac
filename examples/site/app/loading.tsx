// While a page is on its way.

import { Waiting } from "@/components/waiting";

export default function Loading() {
  return <Waiting what="the page" />;
}
