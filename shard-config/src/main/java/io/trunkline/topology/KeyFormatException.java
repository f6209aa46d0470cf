// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

/**
 * A text or a binary parameter that is not, beyond doubt, a value of the key's type.
 *
 * <p>Either PostgreSQL would refuse it as well, or its meaning depends on settings of the session that the router does not
 * know ({@code DateStyle}, {@code TimeZone}). Carries no stack: it is an expected outcome of reading what a client sent.
 */
public final class KeyFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** How much of the value a message shows. */
    private static final int SHOWN_CHARACTERS_MAX = 64;

    private final KeyType type;
    private final String expectation;

    KeyFormatException(KeyType type, CharSequence value, String expectation) {
        super(
                "key value \"" + shortened(value) + "\" is not a usable " + type.typeName() + " (expected: "
                        + expectation + ")",
                null,
                false,
                false);
        this.type = type;
        this.expectation = expectation;
    }

    /** Returns the type the value was read as. */
    public KeyType type() {
        return type;
    }

    /** Returns what would have been accepted, in words that fit after "expected:". */
    public String expectation() {
        return expectation;
    }

    private static String shortened(CharSequence value) {
        return value.length() <= SHOWN_CHARACTERS_MAX
                ? value.toString()
                : value.subSequence(0, SHOWN_CHARACTERS_MAX) + "…";
    }
}
