import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from '@mantine/core';

/** Sea green: the one accent. White on shade 7, shade 7 on white and shade 4 on the dark ground have 4.5:1 and more. */
const sea: MantineColorsTuple = [
  '#eefaf7',
  '#d6f1ea',
  '#ade3d6',
  '#7fd0bf',
  '#4db8a4',
  '#2a9d8b',
  '#178575',
  '#0f6e62',
  '#0e5a50',
  '#0b463f',
];

/** Neutral with a slight warm tint. */
const gray: MantineColorsTuple = [
  '#faf9f7',
  '#f4f2ef',
  '#e9e6e1',
  '#dcd8d2',
  '#c4bfb7',
  '#a19b92',
  '#7b766e',
  '#5b5751',
  '#3a3733',
  '#232120',
];

const dark: MantineColorsTuple = [
  '#e7e4df',
  '#c9c5bf',
  '#a39e97',
  '#7d7871',
  '#4a4743',
  '#393633',
  '#2b2926',
  '#211f1d',
  '#1a1817',
  '#131211',
];

const SYSTEM_FONTS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif';
const MONOSPACE = 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace';

/** Sizes 13, 14, 16, 20, 28; spacing in steps of 4; radius 8 for controls and 10 for cards. */
export const theme = createTheme({
  primaryColor: 'sea',
  primaryShade: 7,
  colors: { sea, gray, dark },
  fontFamily: SYSTEM_FONTS,
  fontFamilyMonospace: MONOSPACE,
  fontSizes: { xs: '13px', sm: '14px', md: '16px', lg: '20px', xl: '28px' },
  spacing: { xs: '4px', sm: '8px', md: '16px', lg: '24px', xl: '40px' },
  radius: { xs: '4px', sm: '6px', md: '8px', lg: '10px', xl: '16px' },
  defaultRadius: 'md',
  headings: { fontFamily: SYSTEM_FONTS, fontWeight: '600' },
  respectReducedMotion: true,
  variantColorResolver: (input) => ({
    ...defaultVariantColorsResolver(input),
    // Icons stay behind the text that they belong to.
    ...(input.variant === 'subtle' && input.color === 'gray' && { color: 'var(--text-soft)' }),
  }),
  components: {
    Text: { defaultProps: { size: 'sm' } },
    // On a line of text the spinner would hang below the middle, where Mantine moves it by another pixel.
    Button: { styles: { loader: { display: 'flex', marginTop: -1 } } },
    // In a dialog it is no banner of the page.
    ModalHeader: { defaultProps: { role: 'presentation' } },
    ModalTitle: { defaultProps: { fz: 'md', fw: 600 } },
  },
  cursorType: 'pointer',
});
