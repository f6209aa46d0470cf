// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;

/**
 * The values one statement runs with: the parameters of its Bind and the literals of its text. Indexes count from 0. All buffers are
 * borrowed and positions absolute. Literals are those of this statement: the first one of it has index 0, whatever precedes it in the text.
 */
public interface KeySource {
    /** Returns how many parameters Bind carries. */
    int parameterCount();

    /** Returns false when a parameter stands beyond what is inspected of a long message; then nothing else may be asked about it. */
    default boolean isParameterPresent(int parameter) {
        return true;
    }

    /** Returns the type of a parameter: as Parse declared it or as ParameterDescription resolved it; 0 when neither is known. */
    int parameterType(int parameter);

    /** Returns the format of a parameter: 0 text, 1 binary. */
    int parameterFormat(int parameter);

    /** Returns the buffer {@link #parameterStart} points into, as of the last call of {@link #parameterLength}. */
    ByteBuf parameterBuffer();

    /** Returns where a parameter's value begins. */
    int parameterStart(int parameter);

    /** Returns the length of a parameter's value in bytes, -1 for NULL. */
    int parameterLength(int parameter);

    /** Returns how many literals the statement has. */
    int literalCount();

    /** Returns the buffer {@link #literalStart} points into. */
    ByteBuf literalBuffer();

    /** Returns where a literal begins, with its quote or prefix. */
    int literalStart(int literal);

    /** Returns where a literal ends, exclusive, behind its quote. */
    int literalEnd(int literal);

    /** Returns whether a backslash in a plain string literal is an ordinary character, as {@code standard_conforming_strings} says. */
    boolean standardConformingStrings();

    /** Returns whether the client's encoding is UTF-8 (or SQL_ASCII over a UTF-8 database); keys with other bytes are not read otherwise. */
    boolean utf8();
}
