// Auth.js's own routes.

import { handlers } from "@/auth";

export const { GET, POST } = handlers;
