// Amounts, as this shop shows them.

import { money as format } from "farebox/react";

/** Formats `1500` and `usd` as `$15.00`. */
export const money = (amount: number, currency: string) => format(amount, currency, "en-US");
