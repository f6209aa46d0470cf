// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.KeyValue.TextKey;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The input function of {@code text} and {@code varchar}: the bytes as they are, in the only encoding a sharded database may have. */
final class TextInput {
    private TextInput() {}

    static KeyValue read(KeyType type, CharSequence text) {
        ByteBuffer encoded;
        try {
            encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
        } catch (CharacterCodingException e) {
            throw new KeyFormatException(type, text, "text without lone surrogates");
        }
        byte[] utf8 = new byte[encoded.remaining()];
        encoded.get(utf8);
        return read(type, utf8, text);
    }

    static KeyValue read(KeyType type, byte[] utf8, CharSequence shown) {
        for (byte b : utf8) {
            if (b == 0) {
                throw new KeyFormatException(type, shown, "text without NUL characters");
            }
        }
        return new TextKey(utf8);
    }
}
