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
    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    private @Nullable SqlScan scan;
    private @Nullable Bind bind;
    private @Nullable PreparedStatement statement;
    private boolean utf8;
    /** Where the literals of the statement being routed begin: its conditions count from there. */
    private int firstLiteral;

    /** Takes a simple query that has just been scanned. */
    MessageKeys ofQuery(ByteBuf buffer, SqlScan scanned, boolean isUtf8) {
        text = buffer;
        scan = scanned;
        bind = null;
        statement = null;
        utf8 = isUtf8;
        firstLiteral = 0;
        return this;
    }

    /** Takes a Bind, with the statement's own text scanned. */
    MessageKeys ofBind(Bind message, PreparedStatement bound, SqlScan scanned, boolean isUtf8) {
        text = Unpooled.wrappedBuffer(bound.sql());
        scan = scanned;
        bind = message;
        statement = bound;
        utf8 = isUtf8;
        firstLiteral = 0;
        return this;
    }

    /** Turns to one statement of the scanned text. */
    void toStatement(int index) {
        firstLiteral = scan().firstLiteral(index);
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
        return scan == null ? 0 : scan.literalCount() - firstLiteral;
    }

    @Override
    public ByteBuf literalBuffer() {
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
        return scan().standardConformingStrings();
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
        if (scan == null) {
            throw new IllegalStateException("nothing scanned");
        }
        return scan;
    }
}
