/** Widths and heights are in units of the view box, which are pixels where a figure is not scaled. */
export const WIDTH = 760;
export const MARGIN = 24;

/** How much wider letters in bold are. */
export const BOLD = 1.12;

export const FONT = { title: 17, text: 12, small: 11 } as const;

type Colour = { light: string; dark: string };

/**
 * Colours by class. Raising and lowering are the vermilion and the blue of Okabe & Ito (2008), which
 * everybody can tell apart, made lighter on a dark ground.
 */
const COLOURS = {
  paper: { light: "#ffffff", dark: "#14181f" },
  ink: { light: "#1b2330", dark: "#e7ebf1" },
  pixel_ground: { light: "#ffffff", dark: "#ffffff" },
  muted: { light: "#5a6675", dark: "#9ba7b6" },
  rule: { light: "#e5e9ef", dark: "#2a313c" },
  axis: { light: "#8d99a8", dark: "#66717f" },
  raises: { light: "#d55e00", dark: "#f0883a" },
  lowers: { light: "#0072b2", dark: "#4aa5e6" },
  raises_text: { light: "#b04d00", dark: "#f5a467" },
  lowers_text: { light: "#00609a", dark: "#74bbf0" },
  amount: { light: "#5b50c8", dark: "#9a91f5" },
  before: { light: "#a9b3bf", dark: "#5f6b7a" },
  missing: { light: "#a9b3bf", dark: "#6b7684" },
} as const satisfies Record<string, Colour>;
export type Tone = keyof typeof COLOURS;

/** From low to high: evenly spaced colours of plasma (Smith & van der Walt 2015), without the end that fades into the ground. */
const RAMP: readonly Colour[] = [
  { light: "#0d0887", dark: "#8a2bc0" },
  { light: "#47039f", dark: "#9c179e" },
  { light: "#7301a8", dark: "#bd3786" },
  { light: "#9c179e", dark: "#d8576b" },
  { light: "#bd3786", dark: "#ed7953" },
  { light: "#d8576b", dark: "#fa9e3b" },
  { light: "#ed7953", dark: "#fdc926" },
  { light: "#fa9e3b", dark: "#f0f921" },
];
export const RAMP_STEPS = RAMP.length;
export const rampClass = (step: number): string => `ramp${step}`;

const SCOPE = ".linnet-plot";

const BASE = `${SCOPE}{font:${FONT.text}px system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
${SCOPE} *{fill:currentColor}
${SCOPE} .title{font-size:${FONT.title}px;font-weight:600}
${SCOPE} .small{font-size:${FONT.small}px}
${SCOPE} .strong{font-weight:600}
${SCOPE} .line{fill:none;stroke:currentColor}
${SCOPE} .dots{fill:none;stroke:currentColor;stroke-linecap:round}
${SCOPE} .dashed{stroke-dasharray:3 3}
${SCOPE} .pixels{image-rendering:pixelated}
${SCOPE} text,${SCOPE} tspan{white-space:pre}`;

const colours = (scheme: keyof Colour): string =>
  [
    ...Object.entries(COLOURS).map(([name, colour]) => [name, colour[scheme]]),
    ...RAMP.map((colour, step) => [rampClass(step), colour[scheme]]),
  ]
    .map(([name, colour]) => `${SCOPE} .${name}{color:${colour}}`)
    .join("");

/** Applies within figures alone, also where one stands in the middle of a page. */
export const STYLE_SHEET = `${BASE}
${SCOPE}{color:${COLOURS.ink.light}}${colours("light")}
@media (prefers-color-scheme:dark){${SCOPE}{color:${COLOURS.ink.dark}}${colours("dark")}}`;

/** Orange for what raises the score, blue for what lowers it. */
export const toneOf = (contribution: number): "raises" | "lowers" =>
  contribution >= 0 ? "raises" : "lowers";

/** For pixels, which no style sheet reaches. */
export const PIXEL_COLOURS = {
  raises: [213, 94, 0],
  lowers: [0, 114, 178],
  amount: [124, 108, 236],
} as const;
