// SPDX-License-Identifier: Apache-2.0
package io.trunkline.router;

import io.trunkline.router.FireLedger.Transfer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** The tables that are written to under fire, and the ways to write a transfer; each leaves the same rows behind. */
final class FireStatements {
    /** Whichever of the two tables is written to, triggers write the other one. */
    static final String[] TABLES = {
        "create table accounts (id int8 primary key, balance int8 not null, transfer int8 not null default 0)",
        "create table transfers (account int8, transfer int8, amount int4 not null, books bool not null, primary key (account, transfer))",
        "create function note() returns trigger language plpgsql as $$ begin"
                + " insert into transfers values (new.id, new.transfer, new.balance - old.balance, false); return null; end $$",
        "create function book() returns trigger language plpgsql as $$ begin"
                + " update accounts set balance = balance + new.amount where id = new.account; return null; end $$",
        // What they write lies on the shard of the row that is written: an account has its transfers beside it.
        "comment on function note() is 'trunkline: local'",
        "comment on function book() is 'trunkline: local'",
        "create trigger note after update on accounts for each row"
                + " when (new.transfer is distinct from old.transfer) execute function note()",
        "create trigger book after insert on transfers for each row when (new.books) execute function book()",
        "grant all on all tables in schema public to public"
    };

    private FireStatements() {}

    /** Returns the statements of a transaction block, as many for each account. */
    static List<String> each(Transfer transfer) {
        List<String> statements = new ArrayList<>();
        transfer.amounts().forEach((account, amount) -> {
            statements.add("update accounts set balance = balance + " + amount + " where id = " + account);
            statements.add("insert into transfers (account, transfer, amount, books) values (" + account + ", "
                    + transfer.number() + ", " + amount + ", false)");
        });
        return statements;
    }

    /** Returns one UPDATE of rows on several shards. */
    static String update(Transfer transfer) {
        String cases = transfer.amounts().entrySet().stream()
                .map(entry -> " when " + entry.getKey() + " then " + entry.getValue())
                .collect(Collectors.joining());
        String accounts =
                transfer.amounts().keySet().stream().map(String::valueOf).collect(Collectors.joining(", "));
        return "update accounts set transfer = " + transfer.number() + ", balance = balance + case id" + cases
                + " end where id in (" + accounts + ")";
    }

    /** Returns one INSERT whose rows are for several shards. */
    static String insert(Transfer transfer) {
        return "insert into transfers (account, transfer, amount, books) values "
                + transfer.amounts().entrySet().stream()
                        .map(entry ->
                                "(" + entry.getKey() + ", " + transfer.number() + ", " + entry.getValue() + ", true)")
                        .collect(Collectors.joining(", "));
    }
}
