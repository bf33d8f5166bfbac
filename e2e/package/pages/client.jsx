// Hydrates the page that the server rendered, under React's Strict Mode.

import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { Shop } from "./shop.jsx";

hydrateRoot(
  document.getElementById("root"),
  <StrictMode>
    <Shop path={location.pathname} search={location.search} />
  </StrictMode>,
);
