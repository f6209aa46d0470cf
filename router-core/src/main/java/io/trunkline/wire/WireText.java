// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Text of the wire as {@code String} and back, without ever changing a byte.
 *
 * <p>The protocol does not say in which encoding names travel before a client encoding is agreed, and a server passes its messages in whatever
 * encoding it has. Valid UTF-8 becomes the text it is, so names compare equal to those of configuration files. A byte {@code b} that is not
 * part of valid UTF-8 becomes the lone surrogate {@code U+DC00 + b}, which valid UTF-8 never yields. So two different byte strings are two
 * different {@code String}s (reading them as UTF-8 would merge all invalid names into one), and writing restores the bytes exactly.
 *
 * <p>This is the scheme of Python's {@code surrogateescape} (PEP 383).
 */
public final class WireText {
    private static final int ESCAPE = 0xdc00;

    private WireText() {}

    /** Returns the text of the bytes from {@code start} up to {@code end}. */
    public static String read(ByteBuf buffer, int start, int end) {
        if (start == end) {
            return "";
        }
        byte[] bytes = new byte[end - start];
        buffer.getBytes(start, bytes);
        return read(bytes);
    }

    /** Returns the text of the bytes. */
    public static String read(byte[] bytes) {
        for (byte b : bytes) {
            if (b < 0) {
                return readBeyondAscii(bytes);
            }
        }
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private static String readBeyondAscii(byte[] bytes) {
        CharsetDecoder decoder = StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT);
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length);
        // Each round either ends or consumes at least one byte.
        for (CoderResult result = decoder.decode(in, out, true);
                result.isError();
                result = decoder.decode(in, out, true)) {
            for (int i = 0; i < result.length(); i++) {
                out.put((char) (ESCAPE + (in.get() & 0xff)));
            }
        }
        return out.flip().toString();
    }

    /** Appends the bytes of the text. Surrogates that {@link #read} does not make are written as a question mark. */
    public static void write(ByteBuf out, CharSequence text) {
        int length = text.length();
        for (int i = 0; i < length; i++) {
            char c = text.charAt(i);
            if (c < 0x80) {
                out.writeByte(c);
            } else if (c < 0x800) {
                out.writeByte(0xc0 | c >> 6);
                out.writeByte(0x80 | c & 0x3f);
            } else if (!Character.isSurrogate(c)) {
                out.writeByte(0xe0 | c >> 12);
                out.writeByte(0x80 | c >> 6 & 0x3f);
                out.writeByte(0x80 | c & 0x3f);
            } else if (Character.isHighSurrogate(c) && i + 1 < length && Character.isLowSurrogate(text.charAt(i + 1))) {
                int codePoint = Character.toCodePoint(c, text.charAt(++i));
                out.writeByte(0xf0 | codePoint >> 18);
                out.writeByte(0x80 | codePoint >> 12 & 0x3f);
                out.writeByte(0x80 | codePoint >> 6 & 0x3f);
                out.writeByte(0x80 | codePoint & 0x3f);
            } else {
                out.writeByte(c >= ESCAPE + 0x80 && c <= ESCAPE + 0xff ? c - ESCAPE : '?');
            }
        }
    }
}
