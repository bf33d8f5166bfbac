// The placeholder of a loading page.

import { Waiting } from "@/components/waiting";

export default function Loading() {
  return <Waiting what="the page" />;
}
