// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.SqlScan;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Values for a statement, spelled out in a test. */
final class GivenKeys implements KeySource {
    private record Parameter(int type, int format, byte @Nullable [] value) {}

    private final List<Parameter> parameters = new ArrayList<>();
    private final SqlScan scan = new SqlScan();
    private ByteBuf text = Unpooled.EMPTY_BUFFER;
    private boolean utf8 = true;
    private ByteBuf current = Unpooled.EMPTY_BUFFER;

    static GivenKeys none() {
        return new GivenKeys();
    }

    static GivenKeys text(int type, @Nullable String value) {
        return none().andText(type, value);
    }

    static GivenKeys binary(int type, byte... value) {
        return none().andBinary(type, value);
    }

    static GivenKeys literal(String sql) {
        return none().withSql(sql, true);
    }

    GivenKeys andText(int type, @Nullable String value) {
        parameters.add(new Parameter(type, 0, value == null ? null : value.getBytes(StandardCharsets.UTF_8)));
        return this;
    }

    GivenKeys andBinary(int type, byte... value) {
        parameters.add(new Parameter(type, 1, value));
        return this;
    }

    GivenKeys andFormat(int type, int format, byte... value) {
        parameters.add(new Parameter(type, format, value));
        return this;
    }

    GivenKeys withSql(String sql, boolean standardConformingStrings) {
        // Off zero, so that relative and absolute positions cannot be mixed up.
        text = Unpooled.copiedBuffer("......." + sql, StandardCharsets.UTF_8);
        scan.scan(text, 7, text.writerIndex(), standardConformingStrings);
        return this;
    }

    GivenKeys inOtherEncoding() {
        utf8 = false;
        return this;
    }

    @Override
    public int parameterCount() {
        return parameters.size();
    }

    @Override
    public int parameterType(int parameter) {
        return parameters.get(parameter).type();
    }

    @Override
    public int parameterFormat(int parameter) {
        return parameters.get(parameter).format();
    }

    @Override
    public ByteBuf parameterBuffer() {
        return current;
    }

    @Override
    public int parameterStart(int parameter) {
        return 3;
    }

    @Override
    public int parameterLength(int parameter) {
        byte[] value = parameters.get(parameter).value();
        if (value == null) {
            return -1;
        }
        current = Unpooled.wrappedBuffer(new byte[3], value, new byte[] {'!'});
        return value.length;
    }

    @Override
    public int literalCount() {
        return scan.literalCount();
    }

    @Override
    public ByteBuf literalBuffer() {
        return text;
    }

    @Override
    public int literalStart(int literal) {
        return scan.literalStart(literal);
    }

    @Override
    public int literalEnd(int literal) {
        return scan.literalEnd(literal);
    }

    @Override
    public boolean standardConformingStrings() {
        return scan.standardConformingStrings();
    }

    @Override
    public boolean utf8() {
        return utf8;
    }
}
