// What a session of this site holds beside Auth.js's own fields.

import type { Role } from "@/lib/roles";

declare module "next-auth" {
  interface User {
    role?: Role;
  }
}
