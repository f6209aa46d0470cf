// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.trunkline.sql.ScatterShape.Aggregate;
import io.trunkline.sql.ScatterShape.GroupItem;
import io.trunkline.sql.ScatterShape.Item;
import io.trunkline.sql.ScatterShape.OrderItem;
import io.trunkline.sql.ScatterShape.Plain;
import io.trunkline.sql.ScatterShape.RowCount;
import io.trunkline.sql.ScatterShape.Star;
import io.trunkline.sql.ScatterShape.TokenRange;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A scatter shape on one line, with the text of its ranges in angle brackets.
 *
 * <p>Tables: {@code customers(id)} and {@code orders(customer_id)} are of distribution C, {@code events(tenant)} is of distribution T, {@code countries} and
 * {@code rates} are reference tables.
 */
final class ScatterNotation {
    private ScatterNotation() {}

    static String read(String sql) {
        ShardingShape shape = shape(sql);
        if (shape.scatterRefusal() != null) {
            return shape.scatterRefusal().code().code();
        }
        if (shape.scatter() == null) {
            return shape.refusal() == null
                    ? shape.reach().toString()
                    : shape.refusal().code().code();
        }
        TokenText text = text(shape.scatter(), sql);
        return text == null ? "another text" : write(shape.scatter(), text);
    }

    static ShardingShape shape(String sql) {
        return new ShardingShapeReader().read(sql, true, ScatterNotation::lookup);
    }

    static @Nullable TokenText text(ScatterShape shape, String sql) {
        ByteBuf bytes = Unpooled.copiedBuffer(sql, StandardCharsets.UTF_8);
        return TokenText.of(shape, bytes, 0, bytes.writerIndex(), true);
    }

    private static TableUse lookup(@Nullable String schema, String table) {
        if (schema != null && schema.equals("pg_catalog") || table.startsWith("pg_")) {
            return new TableUse.Catalog();
        }
        return switch (table) {
            case "customers" -> new TableUse.Sharded("id", "C");
            case "orders" -> new TableUse.Sharded("customer_id", "C");
            case "events" -> new TableUse.Sharded("tenant", "T");
            case "countries", "rates" -> new TableUse.Reference();
            default -> new TableUse.Unknown();
        };
    }

    private static String write(ScatterShape shape, TokenText text) {
        StringBuilder line = new StringBuilder();
        line.append(shape.keepsGroupsWhole() ? "whole " : "").append(shape.distinct() ? "distinct " : "");
        line.append("items")
                .append(list(
                        shape.items().stream().map(item -> item(item, text)).toList()));
        line.append(" body").append(range(shape.body(), text));
        if (!shape.groupBy().isEmpty()) {
            line.append(" group")
                    .append(list(shape.groupBy().stream()
                            .map(group -> group(group, text))
                            .toList()));
        }
        if (shape.having() != null) {
            line.append(" having").append(range(shape.having(), text));
        }
        if (!shape.orderBy().isEmpty()) {
            line.append(" order")
                    .append(list(shape.orderBy().stream()
                            .map(order -> order(order, text))
                            .toList()));
        }
        line.append(count(" limit ", shape.limit(), text)).append(count(" offset ", shape.offset(), text));
        line.append(shape.resultNames().isEmpty() ? "" : " names" + shape.resultNames());
        ScatterShape.Finish finish = shape.finish();
        if (finish != null && finish.isNeeded()) {
            line.append(" finish")
                    .append(list(finish.substitutes().stream()
                            .map(substitute -> range(substitute.range(), text) + "=" + substitute.value())
                            .toList()));
        }
        return line.toString();
    }

    private static String list(List<String> parts) {
        return parts.stream().collect(Collectors.joining(", ", "[", "]"));
    }

    private static String range(TokenRange range, TokenText text) {
        return "<" + text.text(range) + ">";
    }

    private static String item(Item item, TokenText text) {
        if (item instanceof Star star) {
            return range(star.range(), text);
        }
        if (item instanceof Plain plain) {
            return range(plain.expression(), text) + (plain.alias() == null ? "" : " " + plain.alias());
        }
        Aggregate call = (Aggregate) item;
        String argument = call.argument() == null ? "*" : range(call.argument(), text);
        return call.function() + "(" + (call.distinct() ? "distinct " : "") + argument + ")"
                + (call.filter() == null ? "" : " where" + range(call.filter(), text))
                + (call.alias() == null ? "" : " " + call.alias());
    }

    private static String group(GroupItem group, TokenText text) {
        return range(group.expression(), text) + "=" + group.item();
    }

    private static String order(OrderItem order, TokenText text) {
        String what = switch (order.kind()) {
            case ORDINAL -> "#" + order.ordinal();
            case NAME -> order.name();
            case EXPRESSION -> range(order.expression(), text);
        };
        return what
                + (order.descending() ? " desc" : "")
                + (order.nullsFirst() ? " nulls first" : "")
                + (order.collateC() ? " C" : "");
    }

    private static String count(String word, RowCount count, TokenText text) {
        if (count instanceof RowCount.Literal literal) {
            return word + text.number(literal.token());
        }
        return count instanceof RowCount.Parameter parameter ? word + "$" + parameter.number() : "";
    }
}
