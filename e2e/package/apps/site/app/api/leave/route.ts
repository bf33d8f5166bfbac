import { farebox } from "@/lib/farebox";

export async function POST() {
  await farebox.endGuest();
  return new Response(null, { status: 204 });
}
