/**
 * Classifiers as scikit-learn and LightGBM export them give their probabilities through a ZipMap: a sequence of
 * maps, which onnxruntime-node cannot hand out. In: the bytes of such a model; out: the bytes of one that gives the
 * tensor behind the ZipMap under the same output name, and the classes as names of its columns.
 */
import { ATTRIBUTE, floatMatrix, GRAPH, identityNode, MODEL, NODE } from './onnx-file.ts';
import {
  bytesField,
  concat,
  fieldsOf,
  integersOf,
  type ProtoField,
  text,
  textOf
} from './protobuf-fields.ts';

export interface Unzipped {
  readonly model: Uint8Array;
  /** Names of the columns, by the output that they belong to: `<output>_<class>`. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

interface ZipMap {
  readonly input: string;
  readonly output: string;
  readonly classes: readonly string[];
}

/** The model without its ZipMaps; null where it has none. */
export function unzip(model: Uint8Array): Unzipped | null {
  const columns = new Map<string, readonly string[]>();
  const parts: Uint8Array[] = [];
  for (const field of fieldsOf(model)) {
    parts.push(
      field.number === MODEL.graph ? bytesField(MODEL.graph, editGraph(field.bytes, columns)) : field.raw
    );
  }
  return columns.size === 0 ? null : { model: concat(...parts), columns };
}

function editGraph(graph: Uint8Array, columns: Map<string, readonly string[]>): Uint8Array {
  const fields = [...fieldsOf(graph)];
  const zipMaps = new Map<Uint8Array, ZipMap>();
  for (const field of fields) {
    const zipMap = field.number === GRAPH.node ? readZipMap(field.bytes) : null;
    if (zipMap === null) continue;
    zipMaps.set(field.raw, zipMap);
    columns.set(
      zipMap.output,
      zipMap.classes.map(label => `${zipMap.output}_${label}`)
    );
  }
  return concat(...fields.map(field => editField(field, zipMaps.get(field.raw), columns)));
}

/** An Identity takes the place of each ZipMap, so that outputs keep their names. */
function editField(
  field: ProtoField,
  zipMap: ZipMap | undefined,
  columns: ReadonlyMap<string, readonly string[]>
): Uint8Array {
  if (zipMap !== undefined) return bytesField(GRAPH.node, identityNode(zipMap.input, zipMap.output));
  if (field.number !== GRAPH.output && field.number !== GRAPH.valueInfo) return field.raw;
  const name = textOf(field.bytes, 1);
  const width = columns.get(name)?.length;
  if (width === undefined) return field.raw;
  return field.number === GRAPH.output
    ? bytesField(GRAPH.output, floatMatrix(name, width))
    : new Uint8Array();
}

function readZipMap(node: Uint8Array): ZipMap | null {
  if (textOf(node, NODE.opType) !== 'ZipMap' || textOf(node, NODE.domain) !== 'ai.onnx.ml') return null;
  const classes: string[] = [];
  for (const attribute of fieldsOf(node)) {
    if (attribute.number === NODE.attribute) classes.push(...readClasses(attribute.bytes));
  }
  return { input: textOf(node, NODE.input), output: textOf(node, NODE.output), classes };
}

/** The values of `classlabels_int64s` or `classlabels_strings`, the two attributes that a ZipMap may have. */
function readClasses(attribute: Uint8Array): string[] {
  const fields = [...fieldsOf(attribute)];
  const integers = fields.filter(field => field.number === ATTRIBUTE.ints);
  const strings = fields.filter(field => field.number === ATTRIBUTE.strings);
  return [...integersOf(integers), ...strings.map(text)];
}
