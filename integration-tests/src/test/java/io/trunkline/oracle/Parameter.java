// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A value in a statement, which may be written as a literal or given beside the text.
 *
 * @param type the type, of the elements when it is an array
 * @param texts the one value, null for NULL; or the elements
 * @param array whether it is an array
 * @param literal how it is written in SQL
 * @param inline whether it is a literal in the extended protocol too
 * @param declared whether its type is given with Parse
 * @param binary whether it is bound in binary format
 */
record Parameter(
        ValueType type,
        List<@Nullable String> texts,
        boolean array,
        String literal,
        boolean inline,
        boolean declared,
        boolean binary) {

    /** Returns the OID to give with Parse; 0 when it is left to the server. */
    int oid() {
        return !declared ? 0 : array ? type.arrayOid() : type.oid();
    }

    /** Returns the value as it stands in a Bind, null for NULL. */
    byte @Nullable [] bytes() {
        String first = texts.isEmpty() ? null : texts.get(0);
        if (array) {
            return binary ? binaryArray() : textArray(texts).getBytes(UTF_8);
        } else if (first == null) {
            return null;
        }
        return binary ? type.binary(first) : first.getBytes(UTF_8);
    }

    /** Returns an array as the server reads it from a text. */
    static String textArray(List<@Nullable String> elements) {
        return elements.stream()
                .map(element -> element == null
                        ? "NULL"
                        : '"' + element.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
                .collect(Collectors.joining(",", "{", "}"));
    }

    /** {@code int32 dimensions · int32 hasNull · int32 elementType · int32 count · int32 lowerBound · count × (int32 length | -1, bytes)}. */
    private byte[] binaryArray() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(
                ints(texts.isEmpty() ? 0 : 1, texts.stream().anyMatch(text -> text == null) ? 1 : 0, type.oid()));
        if (!texts.isEmpty()) {
            out.writeBytes(ints(texts.size(), 1));
        }
        for (String text : texts) {
            if (text == null) {
                out.writeBytes(ints(-1));
            } else {
                byte[] element = type.binary(text);
                out.writeBytes(ints(element.length));
                out.writeBytes(element);
            }
        }
        return out.toByteArray();
    }

    private static byte[] ints(int... values) {
        ByteBuffer out = ByteBuffer.allocate(values.length * Integer.BYTES);
        for (int value : values) {
            out.putInt(value);
        }
        return out.array();
    }

    @Override
    public String toString() {
        return (array ? texts.toString() : String.valueOf(texts.get(0)))
                + (declared ? "::" + type.sql() + (array ? "[]" : "") : "")
                + (binary ? " (binary)" : "");
    }
}
