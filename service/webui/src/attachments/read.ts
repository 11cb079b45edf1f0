/**
 * Files in, what a message carries of them out: text, or an image as a data URL.
 *
 * Every image is drawn anew. That makes it small enough for a model (they look at about a million
 * pixels) and leaves behind what a camera wrote into it: place, time, its own number.
 */

const MAX_EDGE = 1568;
const MAX_PNG_BYTES = 2_000_000;
const JPEG_QUALITY = 0.87;
/** Drawings and screenshots, whose edges and letters JPEG would blur. */
const DRAWN = ["image/png", "image/gif"];

/** Throws when the file holds no text in UTF-8. */
export async function readText(file: Blob): Promise<string> {
  const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  if (text.includes("\0")) throw new TypeError("not text");
  return text;
}

/** Throws when the browser cannot read the file as an image. */
export async function readImage(file: Blob): Promise<string> {
  const bitmap = await createImageBitmap(file);
  try {
    return await dataUrl(await redrawn(bitmap, DRAWN.includes(file.type)));
  } finally {
    bitmap.close();
  }
}

async function redrawn(bitmap: ImageBitmap, isDrawn: boolean): Promise<Blob> {
  if (isDrawn) {
    const png = await encoded(canvasOf(bitmap, null), "image/png");
    if (png.size <= MAX_PNG_BYTES) return png;
  }
  // JPEG knows no transparency: what is behind is white, not black.
  return encoded(canvasOf(bitmap, "white"), "image/jpeg");
}

function canvasOf(bitmap: ImageBitmap, background: string | null): HTMLCanvasElement {
  const scale = Math.min(1, MAX_EDGE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.imageSmoothingQuality = "high";
  if (background) {
    context.fillStyle = background;
    context.fillRect(0, 0, canvas.width, canvas.height);
  }
  context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

function encoded(canvas: HTMLCanvasElement, type: string): Promise<Blob> {
  return new Promise((resolve, reject) => {
    const done = (blob: Blob | null) => (blob ? resolve(blob) : reject(new Error("not encoded")));
    canvas.toBlob(done, type, JPEG_QUALITY);
  });
}

function dataUrl(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(reader.error ?? new Error("not read"));
    reader.readAsDataURL(blob);
  });
}
