// SPDX-License-Identifier: Apache-2.0
package io.trunkline.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.prepared.PreparedStatement;
import io.trunkline.routing.KeySource;
import io.trunkline.sql.SqlScan;
import io.trunkline.wire.Bind;
import org.jspecify.annotations.Nullable;

/** The values of the message being routed: the literals of a scanned text, and the parameters of a Bind. One per event loop, reused. */
final class MessageKeys implements KeySource {
    /** Of the text of a bound statement, which has been scanned before, and is again only where a literal of it is asked for. */
    private final SqlScan boundScan = new SqlScan();

    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    /** Of a simple query, or of the bound statement once that was needed. */
    private @Nullable SqlScan scan;

    private boolean conforming;
    private @Nullable Bind bind;
    private @Nullable PreparedStatement statement;
    private boolean utf8;
    /** Where the literals of the statement being routed begin: its conditions count from there. */
    private int firstLiteral;

    /** Takes a simple query that has just been scanned. */
    MessageKeys ofQuery(ByteBuf buffer, SqlScan scanned, boolean isUtf8) {
        text = buffer;
        scan = scanned;
        conforming = scanned.standardConformingStrings();
        bind = null;
        statement = null;
        utf8 = isUtf8;
        firstLiteral = 0;
        return this;
    }

    /** Takes a Bind of a statement, whose text is read under the given setting. */
    MessageKeys ofBind(Bind message, PreparedStatement bound, boolean standardConformingStrings, boolean isUtf8) {
        text = Unpooled.EMPTY_BUFFER;
        scan = null;
        conforming = standardConformingStrings;
        bind = message;
        statement = bound;
        utf8 = isUtf8;
        firstLiteral = 0;
        return this;
    }

    /** Turns to one statement of the text. */
    void toStatement(int index) {
        firstLiteral = index == 0 ? 0 : scan().firstLiteral(index);
    }

    @Override
    public int parameterCount() {
        return bind == null ? 0 : bind.parameterCount();
    }

    @Override
    public boolean isParameterPresent(int parameter) {
        return bind == null || bind.isPresent(parameter);
    }

    @Override
    public int parameterType(int parameter) {
        return statement == null ? 0 : statement.parameterType(parameter);
    }

    @Override
    public int parameterFormat(int parameter) {
        return bind().parameterFormat(parameter);
    }

    @Override
    public ByteBuf parameterBuffer() {
        return bind().buffer();
    }

    @Override
    public int parameterStart(int parameter) {
        return bind().parameterStart(parameter);
    }

    @Override
    public int parameterLength(int parameter) {
        return bind().parameterLength(parameter);
    }

    @Override
    public int literalCount() {
        return scan().literalCount() - firstLiteral;
    }

    @Override
    public ByteBuf literalBuffer() {
        scan();
        return text;
    }

    @Override
    public int literalStart(int literal) {
        return scan().literalStart(firstLiteral + literal);
    }

    @Override
    public int literalEnd(int literal) {
        return scan().literalEnd(firstLiteral + literal);
    }

    @Override
    public boolean standardConformingStrings() {
        return conforming;
    }

    @Override
    public boolean utf8() {
        return utf8;
    }

    private Bind bind() {
        if (bind == null) {
            throw new IllegalStateException("a simple query has no parameters");
        }
        return bind;
    }

    private SqlScan scan() {
        SqlScan scanned = scan;
        if (scanned == null) {
            PreparedStatement bound = statement;
            if (bound == null) {
                throw new IllegalStateException("no message taken");
            }
            text = Unpooled.wrappedBuffer(bound.sql());
            boundScan.scan(text, 0, text.readableBytes(), conforming);
            scanned = boundScan;
            scan = scanned;
        }
        return scanned;
    }
}
