// SPDX-License-Identifier: Apache-2.0
package io.trunkline.routing;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.SqlScan;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Values given as text, for explaining a route without a client. */
final class OfflineKeys implements KeySource {
    private final List<OfflineExplainer.Parameter> parameters;
    private final List<ByteBuf> values;
    private final SqlScan scan;
    private final ByteBuf text;
    private final int firstLiteral;
    private ByteBuf current = Unpooled.EMPTY_BUFFER;

    OfflineKeys(List<OfflineExplainer.Parameter> parameters, SqlScan scan, ByteBuf text, int firstLiteral) {
        this.parameters = parameters;
        this.values = parameters.stream()
                .map(parameter -> parameter.value() == null
                        ? Unpooled.EMPTY_BUFFER
                        : Unpooled.wrappedBuffer(parameter.value().getBytes(StandardCharsets.UTF_8)))
                .toList();
        this.scan = scan;
        this.text = text;
        this.firstLiteral = firstLiteral;
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
        return 0;
    }

    @Override
    public ByteBuf parameterBuffer() {
        return current;
    }

    @Override
    public int parameterStart(int parameter) {
        current = values.get(parameter);
        return 0;
    }

    @Override
    public int parameterLength(int parameter) {
        current = values.get(parameter);
        return parameters.get(parameter).value() == null ? -1 : current.readableBytes();
    }

    @Override
    public int literalCount() {
        return scan.literalCount() - firstLiteral;
    }

    @Override
    public ByteBuf literalBuffer() {
        return text;
    }

    @Override
    public int literalStart(int literal) {
        return scan.literalStart(firstLiteral + literal);
    }

    @Override
    public int literalEnd(int literal) {
        return scan.literalEnd(firstLiteral + literal);
    }

    @Override
    public boolean standardConformingStrings() {
        return scan.standardConformingStrings();
    }

    @Override
    public boolean utf8() {
        return true;
    }
}
