import { farebox } from "@/lib/farebox";

export const runtime = "edge";
export const { GET, POST } = farebox.handlers();
