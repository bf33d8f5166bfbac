// All texts in English, for a site that translates them. A page that imports none of it has only
// the parts that its components show.

import {
  checkoutTexts,
  commonTexts,
  declineTexts,
  errorTexts,
  orderTexts,
} from "./texts.js";
import type { Texts } from "./context.js";
import { planTexts, refundTexts } from "./texts-plans.js";

export const english: Texts = {
  common: commonTexts,
  errors: errorTexts,
  declines: declineTexts,
  checkout: checkoutTexts,
  order: orderTexts,
  plans: planTexts,
  refund: refundTexts,
};
