// The session's fields beside Auth.js's own.

import type { Role } from "@/lib/roles";

declare module "next-auth" {
  interface User {
    role?: Role;
  }
}
