import { farebox } from "@/lib/farebox";

export default farebox.pages.handler();
