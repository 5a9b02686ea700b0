// `images`: which image a preview runs in place of which.
import { isMap } from '../bundle/field.ts';
import type { Json } from '../bundle/object.ts';

export interface ImageChange {
  /** The image as the manifests name it, without tag and digest: `sample-app`, `ghcr.io/org/sample-app`. */
  readonly name: string;
  /** The whole reference that takes its place. */
  readonly image: string;
}

/** `name=registry/name:sha`; `undefined` for anything else. */
export const parseImage = (text: string): ImageChange | undefined => {
  const [, name, image] = /^([^\s=:@]+(?::\d+\/[^\s=:@]+)?)=([^\s=,]+)$/.exec(text) ?? [];
  return name === undefined || image === undefined ? undefined : { name, image };
};

/** `registry:5000/org/app:v1@sha256:…` → `registry:5000/org/app`. */
export const imageName = (image: string): string => (image.split('@')[0] ?? '').replace(/:[^/:]*$/, '');

/** Every container's image below a value, whatever the kind: pods stand in templates of many shapes. */
export const imagesIn = (value: Json | undefined): readonly string[] => {
  if (Array.isArray(value)) return value.flatMap((item: Json) => imagesIn(item));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    isContainers(key) && Array.isArray(each)
      ? each.flatMap((container: Json) =>
          isMap(container) && typeof container['image'] === 'string' ? [container['image']] : [],
        )
      : imagesIn(each),
  );
};

/** The same value with the images replaced. */
export const withImages = (value: Json, changes: readonly ImageChange[]): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => withImages(item, changes));
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      isContainers(key) && Array.isArray(each)
        ? each.map((container: Json) => replaced(container, changes))
        : each === undefined
          ? undefined
          : withImages(each, changes),
    ]),
  );
};

const isContainers = (key: string): boolean => key === 'containers' || key === 'initContainers';

const replaced = (container: Json, changes: readonly ImageChange[]): Json => {
  if (!isMap(container) || typeof container['image'] !== 'string') return container;
  const name = imageName(container['image']);
  const change = changes.find((each) => each.name === name);
  return change === undefined ? container : { ...container, image: change.image };
};
