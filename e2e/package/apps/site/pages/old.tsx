import { farebox } from "@/lib/farebox";

export async function getServerSideProps() {
  return { props: { isOpen: await farebox.can({ id: "ada" }, "pro") } };
}

export default function Old({ isOpen }: { isOpen: boolean }) {
  return <p>{isOpen ? "Export" : "Plans"}</p>;
}
