import { farebox } from "@/lib/farebox";

/** The export of one user: whether a page may show it is asked for each request. */
export default async function Gated() {
  return <p>{(await farebox.can({ id: "ada" }, "pro")) ? "Export" : "Plans"}</p>;
}
