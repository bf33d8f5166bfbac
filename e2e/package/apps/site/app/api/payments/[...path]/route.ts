import { farebox } from "@/lib/farebox";

export const { GET, POST } = farebox.handlers();
