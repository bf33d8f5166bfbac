// What the pages call of Farebox.

import { farebox } from "@/lib/farebox";

export const { GET, POST } = farebox.handlers();
