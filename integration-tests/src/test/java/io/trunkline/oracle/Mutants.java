// SPDX-License-Identifier: Apache-2.0
package io.trunkline.oracle;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Bad routers by what is wrong with them: errors a router of several shards could have, and some in what it passes on. */
final class Mutants {
    private Mutants() {}

    static Map<String, Supplier<Mutant>> all() {
        Map<String, Supplier<Mutant>> all = new LinkedHashMap<>();
        all.put("loses the last row", () -> afterwards(Mutants::withoutLastRow));
        all.put("says a row twice", () -> afterwards(Mutants::withRowTwice));
        all.put("turns the order of rows around", () -> afterwards(Mutants::turnedAround));
        all.put("counts one row too many in the tag", () -> afterwards(Mutants::withOtherTag));
        all.put("makes NULL of the first column", () -> afterwards(Mutants::withNull));
        all.put("says another type of the first column", () -> afterwards(Mutants::withOtherType));
        all.put("says another SQLSTATE", () -> afterwards(Mutants::withOtherState));
        all.put("says that a transaction is open", () -> afterwards(Mutants::withOtherStatus));
        all.put("acknowledges writes it undoes", () -> Mutants::undoing);
        all.put("inserts on every shard", () -> Mutants::insertingEverywhere);
        all.put("asks the first shard what it should refuse", () -> scattering(1));
        all.put("puts the rows of all shards one behind the other", () -> scattering(Integer.MAX_VALUE));
        all.put("updates and deletes on the first shard what it should refuse", () -> Mutants::writingOnTheFirst);
        all.put("writes a reference table on one shard", () -> Mutants::writingOneReference);
        all.put("goes on in a transaction after a refusal", () -> Mutants::forgettingARefusal);
        return all;
    }

    private static Mutant afterwards(UnaryOperator<List<Frame>> change) {
        return (request, router) -> change.apply(router.ask(request));
    }

    private static List<Frame> withoutLastRow(List<Frame> answer) {
        List<Frame> changed = new ArrayList<>(answer);
        for (int i = changed.size() - 1; i >= 0; i--) {
            if (changed.get(i).type() == 'D') {
                changed.remove(i);
                return changed;
            }
        }
        return changed;
    }

    private static List<Frame> withRowTwice(List<Frame> answer) {
        List<Frame> changed = new ArrayList<>(answer);
        for (int i = 0; i < answer.size(); i++) {
            if (answer.get(i).type() == 'D') {
                changed.add(i, answer.get(i));
                return changed;
            }
        }
        return changed;
    }

    private static List<Frame> turnedAround(List<Frame> answer) {
        List<Frame> changed = new ArrayList<>(answer);
        int first = 0;
        while (first < changed.size() && changed.get(first).type() != 'D') {
            first++;
        }
        int end = first;
        while (end < changed.size() && changed.get(end).type() == 'D') {
            end++;
        }
        Collections.reverse(changed.subList(first, end));
        return changed;
    }

    private static List<Frame> withOtherTag(List<Frame> answer) {
        return each(answer, 'C', frame -> {
            String tag = frame.text();
            int space = tag.lastIndexOf(' ');
            return space < 0 || !tag.substring(space + 1).matches("[0-9]+")
                    ? frame
                    : Frame.of('C', tag.substring(0, space + 1) + (Integer.parseInt(tag.substring(space + 1)) + 1));
        });
    }

    /** {@code int16 count · count × (int32 length | -1, bytes)}: the first length becomes -1 and its bytes go. */
    private static List<Frame> withNull(List<Frame> answer) {
        return each(answer, 'D', frame -> {
            java.nio.ByteBuffer in = java.nio.ByteBuffer.wrap(frame.body());
            short count = in.getShort();
            int length = count == 0 ? -1 : in.getInt();
            if (length < 0) {
                return frame;
            }
            in.position(in.position() + length);
            return new Frame(
                    'D',
                    java.nio.ByteBuffer.allocate(6 + in.remaining())
                            .putShort(count)
                            .putInt(-1)
                            .put(in)
                            .array());
        });
    }

    /** {@code int16 count · count × (string name · int32 table · int16 attribute · int32 type · …)}. */
    private static List<Frame> withOtherType(List<Frame> answer) {
        return each(answer, 'T', frame -> {
            byte[] body = frame.body().clone();
            int position = 2;
            while (position < body.length && body[position] != 0) {
                position++;
            }
            if (position + 10 < body.length) {
                body[position + 10] ^= 1;
            }
            return new Frame('T', body);
        });
    }

    private static List<Frame> withOtherState(List<Frame> answer) {
        return each(
                answer,
                'E',
                frame -> frame.text().contains("TL0")
                        ? frame
                        : new Frame(
                                'E',
                                new String(frame.body(), java.nio.charset.StandardCharsets.ISO_8859_1)
                                        .replaceFirst("\0C.....", "\0CXX000")
                                        .getBytes(java.nio.charset.StandardCharsets.ISO_8859_1)));
    }

    private static List<Frame> withOtherStatus(List<Frame> answer) {
        return each(answer, 'Z', frame -> new Frame('Z', new byte[] {'T'}));
    }

    private static List<Frame> each(List<Frame> answer, char type, UnaryOperator<Frame> change) {
        return answer.stream()
                .map(frame -> frame.type() == type ? change.apply(frame) : frame)
                .toList();
    }

    private static boolean isIdle(List<Frame> answer) {
        return answer.get(answer.size() - 1).body()[0] == 'I';
    }

    private static boolean isRefused(List<Frame> answer) {
        return answer.stream()
                .anyMatch(frame -> frame.type() == 'E' && frame.text().contains("DTL0"));
    }

    private static List<Frame> undoing(List<Frame> request, Mutant.Router router) {
        if (!Frame.isQuery(request, "insert")
                && !Frame.isQuery(request, "update")
                && !Frame.isQuery(request, "delete")) {
            return router.ask(request);
        }
        List<Frame> begun = router.ask(List.of(Frame.of('Q', "begin")));
        List<Frame> answer = router.ask(request);
        // Within a transaction of the client, BEGIN is but a warning, or an error.
        if (begun.stream().noneMatch(frame -> frame.type() == 'N' || frame.type() == 'E')) {
            router.ask(List.of(Frame.of('Q', "rollback")));
            return each(answer, 'Z', frame -> new Frame('Z', new byte[] {'I'}));
        }
        return answer;
    }

    private static List<Frame> insertingEverywhere(List<Frame> request, Mutant.Router router) {
        List<Frame> answer = router.ask(request);
        if (Frame.isQuery(request, "insert") && isIdle(answer) && !isRefused(answer)) {
            for (int shard = 0; shard < router.shardCount(); shard++) {
                router.askShard(shard, request.get(0).text());
            }
        }
        return answer;
    }

    /** Sends what the good router refuses to the first shards, and answers with what description and tag the last of them has. */
    private static Mutant scattering(int shards) {
        return (request, router) -> {
            List<Frame> refused = router.ask(request);
            if (!Frame.isQuery(request, "select") || !isRefused(refused) || !isIdle(refused)) {
                return refused;
            }
            List<Frame> description = List.of();
            List<Frame> rows = new ArrayList<>();
            List<Frame> end = List.of();
            for (int shard = 0; shard < Math.min(shards, router.shardCount()); shard++) {
                List<Frame> one = router.askShard(shard, request.get(0).text());
                description = one.stream().filter(frame -> frame.type() == 'T').toList();
                one.stream().filter(frame -> frame.type() == 'D').forEach(rows::add);
                end = one.stream()
                        .filter(frame -> "ECZ".indexOf(frame.type()) >= 0)
                        .toList();
            }
            List<Frame> answer = new ArrayList<>(description);
            answer.addAll(rows);
            answer.addAll(each(end, 'C', frame -> Frame.of('C', "SELECT " + rows.size())));
            return answer;
        };
    }

    private static List<Frame> writingOnTheFirst(List<Frame> request, Mutant.Router router) {
        List<Frame> refused = router.ask(request);
        boolean isWrite = Frame.isQuery(request, "update") || Frame.isQuery(request, "delete");
        return isWrite && isRefused(refused) && isIdle(refused)
                ? router.askShard(0, request.get(0).text())
                : refused;
    }

    private static List<Frame> writingOneReference(List<Frame> request, Mutant.Router router) {
        List<Frame> refused = router.ask(request);
        boolean isWrite = Frame.isQuery(request, "update ref")
                || Frame.isQuery(request, "delete from ref")
                || Frame.isQuery(request, "insert into ref");
        return isWrite && isRefused(refused) && isIdle(refused)
                ? router.askShard(router.shardCount() - 1, request.get(0).text())
                : refused;
    }

    /** Says of a transaction that it goes on although the router has failed it. */
    private static List<Frame> forgettingARefusal(List<Frame> request, Mutant.Router router) {
        List<Frame> answer = router.ask(request);
        return isRefused(answer) && !isIdle(answer)
                ? each(answer, 'Z', frame -> new Frame('Z', new byte[] {'T'}))
                : answer;
    }
}
