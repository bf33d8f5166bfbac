// Renders a page on the server.

import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { Shop } from "./shop.jsx";

export const render = (path, search) =>
  renderToString(
    <StrictMode>
      <Shop path={path} search={search} />
    </StrictMode>,
  );
