// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** What clients were told of each transfer, to be compared with what all shards have in the end. */
final class FireLedger {
    /** What a client knows of a transfer. */
    enum Fate {
        /** Its COMMIT, or the statement it was, has been answered. */
        ACKNOWLEDGED,
        /** It certainly did not commit: an error other than 08007, or a connection that was lost before COMMIT. */
        FAILED,
        /** 08007, or a connection that was lost while it committed. */
        UNKNOWN
    }

    /**
     * Amounts that are moved together.
     *
     * @param number its own
     * @param amounts by account; their sum is 0
     */
    record Transfer(long number, SortedMap<Long, Integer> amounts) {}

    /** A row of the table of transfers, which is written with each account that is changed. */
    record Row(long account, long transfer, int amount) {}

    private final AtomicLong next = new AtomicLong(1);
    private final Map<Long, Transfer> transfers = new ConcurrentHashMap<>();
    private final Map<Long, Fate> fates = new ConcurrentHashMap<>();

    /** Returns a new transfer, whose fate is unknown so far. */
    Transfer begin(SortedMap<Long, Integer> amounts) {
        Transfer transfer = new Transfer(next.getAndIncrement(), amounts);
        transfers.put(transfer.number(), transfer);
        fates.put(transfer.number(), Fate.UNKNOWN);
        return transfer;
    }

    void end(Transfer transfer, Fate fate) {
        fates.put(transfer.number(), fate);
    }

    long count(Fate fate) {
        return fates.values().stream().filter(one -> one == fate).count();
    }

    /** Returns what the tables of all shards, put together, have or lack against what clients were told. */
    List<String> contradictions(List<Row> rows, Map<Long, Long> balances, long initialBalance) {
        Map<Long, SortedMap<Long, Integer>> found = new TreeMap<>();
        Map<Long, Long> expected = new TreeMap<>();
        List<String> contradictions = new ArrayList<>();
        for (Row row : rows) {
            SortedMap<Long, Integer> amounts = found.computeIfAbsent(row.transfer(), none -> new TreeMap<>());
            if (amounts.put(row.account(), row.amount()) != null) {
                contradictions.add("transfer " + row.transfer() + " is there twice for account " + row.account());
            }
            expected.merge(row.account(), (long) row.amount(), Long::sum);
        }
        transfers.forEach((number, transfer) -> {
            String problem = problem(transfer, found.getOrDefault(number, new TreeMap<>()));
            if (!problem.isEmpty()) {
                contradictions.add(
                        "transfer " + number + " of " + transfer.amounts() + ", " + fates.get(number) + ", " + problem);
            }
        });
        found.keySet().stream()
                .filter(number -> !transfers.containsKey(number))
                .forEach(number -> contradictions.add("transfer " + number + " was made by nobody"));
        balances.forEach((account, balance) -> {
            long booked = initialBalance + expected.getOrDefault(account, 0L);
            if (balance != booked) {
                contradictions.add("account " + account + " has " + balance + ", and by its transfers " + booked);
            }
        });
        long total = balances.values().stream().mapToLong(Long::longValue).sum();
        if (total != initialBalance * balances.size()) {
            contradictions.add("the sum of all accounts is " + total);
        }
        return contradictions;
    }

    private String problem(Transfer transfer, SortedMap<Long, Integer> found) {
        Fate fate = fates.getOrDefault(transfer.number(), Fate.UNKNOWN);
        boolean isWhole = found.equals(transfer.amounts());
        if (!isWhole && !found.isEmpty()) {
            return "is there in part: " + found;
        }
        return switch (fate) {
            case ACKNOWLEDGED -> isWhole ? "" : "is missing";
            case FAILED -> isWhole ? "is there all the same" : "";
            case UNKNOWN -> "";
        };
    }
}
