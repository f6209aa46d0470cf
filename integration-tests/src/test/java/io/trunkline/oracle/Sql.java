// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Collectors;

/** A text of SQL with places for values, some of whose parts can be left out. Immutable; {@link #add} and the like return a longer one. */
final class Sql {
    /** Says nothing. */
    static final Sql NOTHING = new Sql(List.of());

    /** One part, of which exactly one component says something. */
    private record Piece(String text, List<Parameter> parameter, List<Sql> optional) {}

    private final List<Piece> pieces;

    private Sql(List<Piece> pieces) {
        this.pieces = pieces;
    }

    static Sql of(String text) {
        return NOTHING.add(text);
    }

    static Sql of(Parameter parameter) {
        return NOTHING.add(parameter);
    }

    /** Returns the parts with a separator between them. */
    static Sql join(String separator, Collection<Sql> parts) {
        Sql joined = NOTHING;
        for (Sql part : parts) {
            joined = (joined.pieces.isEmpty() ? joined : joined.add(separator)).add(part);
        }
        return joined;
    }

    Sql add(String text) {
        return with(new Piece(text, List.of(), List.of()));
    }

    Sql add(Parameter parameter) {
        return with(new Piece("", List.of(parameter), List.of()));
    }

    Sql add(Sql more) {
        List<Piece> all = new ArrayList<>(pieces);
        all.addAll(more.pieces);
        return new Sql(all);
    }

    /** Adds what may be left out without making the rest invalid or its answer a matter of luck. */
    Sql optional(Sql more) {
        return with(new Piece("", List.of(), List.of(more)));
    }

    private Sql with(Piece piece) {
        List<Piece> all = new ArrayList<>(pieces);
        all.add(piece);
        return new Sql(all);
    }

    /** Returns the text with every value as a literal. */
    String literal() {
        StringBuilder text = new StringBuilder();
        write(text, List.of(), false);
        return text.toString();
    }

    /** Returns the text with a number for each value of {@link #parameters}. */
    String numbered() {
        StringBuilder text = new StringBuilder();
        write(text, new ArrayList<>(), true);
        return text.toString();
    }

    private void write(StringBuilder text, List<Parameter> seen, boolean numbers) {
        for (Piece piece : pieces) {
            text.append(piece.text);
            for (Parameter parameter : piece.parameter) {
                if (numbers && !parameter.inline()) {
                    seen.add(parameter);
                    text.append('$').append(seen.size());
                } else {
                    text.append(parameter.literal());
                }
            }
            for (Sql optional : piece.optional) {
                optional.write(text, seen, numbers);
            }
        }
    }

    /** Returns the values that are given beside the text, in the order of their numbers. */
    List<Parameter> parameters() {
        List<Parameter> seen = new ArrayList<>();
        write(new StringBuilder(), seen, true);
        return seen;
    }

    /** Returns what is left when one part is left out, for each part that can be. */
    List<Sql> simpler() {
        List<Sql> variants = new ArrayList<>();
        for (int i = 0; i < pieces.size(); i++) {
            for (Sql optional : pieces.get(i).optional) {
                variants.add(replaced(i, List.of()));
                for (Sql inner : optional.simpler()) {
                    variants.add(replaced(i, List.of(new Piece("", List.of(), List.of(inner)))));
                }
            }
        }
        return variants;
    }

    private Sql replaced(int index, List<Piece> by) {
        List<Piece> all = new ArrayList<>(pieces.subList(0, index));
        all.addAll(by);
        all.addAll(pieces.subList(index + 1, pieces.size()));
        return new Sql(all);
    }

    @Override
    public String toString() {
        List<Parameter> parameters = parameters();
        return parameters.isEmpty()
                ? numbered()
                : numbered()
                        + parameters.stream()
                                .map(Parameter::toString)
                                .collect(Collectors.joining(", ", "  -- with ", ""));
    }
}
