// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import io.trunkline.error.RouterErrors;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * One SCRAM message being read from the left: {@code name=value} pairs between commas, in the order the RFC prescribes.
 *
 * <p>Each byte is one character (Latin-1), because the authentication message is hashed byte by byte. The caller bounds the length.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802#section-7">RFC 5802, section 7</a>
 */
final class ScramText {
    private final String text;
    private int position;

    private ScramText(String text) {
        this.text = text;
    }

    /** Returns a reader of a message; empty messages and NUL bytes are malformed. */
    static ScramText read(byte[] message) throws LoginRefused {
        if (message.length == 0) {
            throw malformed("The message is empty.");
        }
        String text = new String(message, StandardCharsets.ISO_8859_1);
        if (text.indexOf('\0') >= 0) {
            throw malformed("Message length does not match input length.");
        }
        return new ScramText(text);
    }

    /** Returns the bytes of a message composed here or taken from another. */
    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Returns the value of base64 text, which must not be empty. */
    static byte[] base64(String text, String malformedDetail) throws LoginRefused {
        try {
            byte[] decoded = Base64.getDecoder().decode(text);
            if (decoded.length > 0) {
                return decoded;
            }
        } catch (IllegalArgumentException notBase64) {
            throw malformed(malformedDetail);
        }
        throw malformed(malformedDetail);
    }

    static LoginRefused malformed(String detail) {
        return new LoginRefused(RouterErrors.malformedScramMessage(detail));
    }

    boolean atEnd() {
        return position == text.length();
    }

    int position() {
        return position;
    }

    /** Returns the next character without taking it, or NUL at the end. */
    char peek() {
        return atEnd() ? '\0' : text.charAt(position);
    }

    char take() {
        char next = peek();
        if (!atEnd()) {
            position++;
        }
        return next;
    }

    void takeComma() throws LoginRefused {
        if (peek() != ',') {
            throw malformed("Comma expected, but found character \"" + printable(peek()) + "\".");
        }
        position++;
    }

    /** Takes {@code name=value} and the comma behind it; returns the value. */
    String attribute(char name) throws LoginRefused {
        if (peek() != name) {
            throw malformed("Expected attribute \"" + name + "\" but found \"" + printable(peek()) + "\".");
        }
        return anyAttribute();
    }

    /** Takes an attribute of whatever name and the comma behind it; returns the value. */
    String anyAttribute() throws LoginRefused {
        char name = take();
        if (!(name >= 'A' && name <= 'Z' || name >= 'a' && name <= 'z')) {
            throw malformed("Attribute expected, but found invalid character \"" + printable(name) + "\".");
        }
        if (take() != '=') {
            throw malformed("Expected character \"=\" for attribute \"" + name + "\".");
        }
        int comma = text.indexOf(',', position);
        int end = comma < 0 ? text.length() : comma;
        String value = text.substring(position, end);
        position = comma < 0 ? end : end + 1;
        return value;
    }

    /** Returns the text from an earlier position to another. */
    String slice(int start, int end) {
        return text.substring(start, end);
    }

    String rest() {
        return text.substring(position);
    }

    /** Returns true when every character may stand in a nonce: visible ASCII without the comma. */
    static boolean isNonce(String nonce) {
        for (int i = 0; i < nonce.length(); i++) {
            char c = nonce.charAt(i);
            if (c < 0x21 || c > 0x7e || c == ',') {
                return false;
            }
        }
        return !nonce.isEmpty();
    }

    static String printable(char c) {
        return c > 0x20 && c < 0x7f ? String.valueOf(c) : String.format("0x%02x", (int) c);
    }
}
