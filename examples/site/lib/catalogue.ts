// The catalogue. `price` is the lookup key of a Stripe price, which decides the amount. The amounts
// here are for display, and the checkout shows when Stripe's differ.

export interface Product {
  /** The price's lookup key in Stripe, and the name of the picture. */
  price: "mug" | "shirt" | "sticker";
  name: string;
  line: string;
  /** In minor units. */
  amount: number;
}

export const CURRENCY = "usd";

export const PRODUCTS: readonly Product[] = [
  { price: "mug", name: "Harbour mug", line: "Stoneware, 350 ml, glazed by hand", amount: 1500 },
  { price: "shirt", name: "Tern shirt", line: "Heavy organic cotton, cut straight", amount: 2500 },
  { price: "sticker", name: "Small sticker", line: "Vinyl, outlives the laptop", amount: 300 },
];

export const productOf = (price?: string) => PRODUCTS.find((product) => product.price === price);
