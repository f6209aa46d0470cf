// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.SqlScan;
import io.trunkline.wire.Bind;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The values of one run of a statement, where they stand: parameters in a Bind, literals in a scanned text. Reusable, one per event loop; what it
 * points at is borrowed and must live as long as it is asked.
 */
public final class StatementKeys implements KeySource {
    private static final IntUnaryOperator UNTYPED = parameter -> 0;

    private @Nullable Bind bind;
    private ByteBuf bindBuffer = Unpooled.EMPTY_BUFFER;
    private IntUnaryOperator parameterTypes = UNTYPED;
    private @Nullable SqlScan scan;
    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    private int firstLiteral;
    private int literalCount;
    private boolean utf8 = true;

    /** Forgets all values; returns itself. */
    public StatementKeys clear() {
        bind = null;
        bindBuffer = Unpooled.EMPTY_BUFFER;
        parameterTypes = UNTYPED;
        scan = null;
        text = Unpooled.EMPTY_BUFFER;
        firstLiteral = 0;
        literalCount = 0;
        return this;
    }

    /**
     * Takes the parameters of a Bind; returns itself.
     *
     * @param message a view of the message
     * @param buffer the buffer the view stands on
     * @param types the type of each parameter from 0, 0 when it is not known
     */
    public StatementKeys parameters(Bind message, ByteBuf buffer, IntUnaryOperator types) {
        bind = message;
        bindBuffer = buffer;
        parameterTypes = types;
        return this;
    }

    /**
     * Takes the literals of one statement of a text; returns itself.
     *
     * @param scanned the scan of this very text
     * @param statement which of its statements, from 0
     */
    public StatementKeys literals(SqlScan scanned, ByteBuf scannedText, int statement) {
        scan = scanned;
        text = scannedText;
        int start = scanned.statementStart(statement);
        int end = scanned.statementEnd(statement);
        int first = 0;
        while (first < scanned.literalCount() && scanned.literalStart(first) < start) {
            first++;
        }
        int behind = first;
        while (behind < scanned.literalCount() && scanned.literalStart(behind) < end) {
            behind++;
        }
        firstLiteral = first;
        literalCount = behind - first;
        return this;
    }

    /** Says whether the client's encoding is UTF-8; returns itself. */
    public StatementKeys encoding(boolean isUtf8) {
        utf8 = isUtf8;
        return this;
    }

    @Override
    public int parameterCount() {
        return bind == null ? 0 : bind.parameterCount();
    }

    @Override
    public int parameterType(int parameter) {
        return parameterTypes.applyAsInt(parameter);
    }

    @Override
    public int parameterFormat(int parameter) {
        return bound().parameterFormat(parameter);
    }

    @Override
    public ByteBuf parameterBuffer() {
        return bindBuffer;
    }

    @Override
    public int parameterStart(int parameter) {
        return bound().parameterStart(parameter);
    }

    @Override
    public int parameterLength(int parameter) {
        return bound().parameterLength(parameter);
    }

    @Override
    public int literalCount() {
        return literalCount;
    }

    @Override
    public ByteBuf literalBuffer() {
        return text;
    }

    @Override
    public int literalStart(int literal) {
        return scanned().literalStart(firstLiteral + literal);
    }

    @Override
    public int literalEnd(int literal) {
        return scanned().literalEnd(firstLiteral + literal);
    }

    @Override
    public boolean standardConformingStrings() {
        return scan == null || scan.standardConformingStrings();
    }

    @Override
    public boolean utf8() {
        return utf8;
    }

    private Bind bound() {
        if (bind == null) {
            throw new IndexOutOfBoundsException("no parameters are bound");
        }
        return bind;
    }

    private SqlScan scanned() {
        if (scan == null) {
            throw new IndexOutOfBoundsException("no text was scanned");
        }
        return scan;
    }
}
