import { QRCodeSVG } from 'qrcode.react';

/** The light margin that readers need around a code, in modules. */
const MARGIN = 4;

/** A text as a QR code, black on white in both themes: not all cameras read it otherwise. */
export function QrImage({ text, label }: { text: string; label: string }) {
  return (
    <QRCodeSVG
      value={text}
      title={label}
      role="img"
      aria-label={label}
      size={208}
      marginSize={MARGIN}
      style={{ alignSelf: 'center', borderRadius: 8 }}
    />
  );
}
