// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sharding;

import io.trunkline.topology.KeyType;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;

/** Texts of keys in every form the router understands, and texts that are nearly so. */
final class RandomKeys {
    private static final String INTERESTING = " \t+-_.:,TtZzBCxXobeE0123456789aAfF{}'\"ä∞/";

    private final Random random;

    RandomKeys(long seed) {
        this.random = new Random(seed);
    }

    /** Returns texts the router must understand. */
    List<String> wellFormed(KeyType type, int count) {
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            texts.add(
                    switch (type) {
                        case INT2 -> integer(16);
                        case INT4 -> integer(32);
                        case INT8 -> integer(64);
                        case TEXT, VARCHAR -> text();
                        case UUID -> uuid();
                        case DATE ->
                            spaced(date()
                                    + (chance(4) ? " " + time() : "")
                                    + (chance(8) ? " +0" + random.nextInt(10) : ""));
                        case TIMESTAMP -> spaced(timestamp(chance(3) ? offset() : ""));
                        case TIMESTAMPTZ -> chance(50) ? "infinity" : spaced(timestamp(offset()));
                        case NUMERIC -> numeric();
                    });
        }
        return texts;
    }

    /** Returns the texts with one or two characters changed, added or removed. */
    List<String> mutated(List<String> texts) {
        return texts.stream().map(this::mutated).toList();
    }

    private String mutated(String text) {
        StringBuilder changed = new StringBuilder(text);
        for (int i = 0; i <= random.nextInt(2); i++) {
            int position = random.nextInt(changed.length() + 1);
            char c = INTERESTING.charAt(random.nextInt(INTERESTING.length()));
            switch (random.nextInt(3)) {
                case 0 -> changed.insert(position, c);
                case 1 -> changed.replace(position, Math.min(position + 1, changed.length()), String.valueOf(c));
                default -> changed.delete(position, Math.min(position + 1, changed.length()));
            }
        }
        return changed.toString();
    }

    private String integer(int bits) {
        // Half of the values near the ends, where signs and overflows go wrong.
        BigInteger value = new BigInteger(chance(2) ? 1 + random.nextInt(bits) : bits, random);
        long number = value.longValue() << (64 - bits) >> (64 - bits);
        if (number < 0 || chance(2)) {
            return spaced((number >= 0 && chance(4) ? "+" : "") + number);
        }
        return spaced(
                switch (random.nextInt(4)) {
                    case 0 -> "0x" + Long.toHexString(number);
                    case 1 -> "0o" + Long.toOctalString(number);
                    case 2 -> "0B" + Long.toBinaryString(number);
                    default -> underscored(Long.toString(number));
                });
    }

    private String underscored(String digits) {
        StringBuilder result = new StringBuilder(digits);
        for (int i = digits.length() - 1; i > 0; i--) {
            if (chance(3)) {
                result.insert(i, '_');
            }
        }
        return result.toString();
    }

    private String text() {
        StringBuilder result = new StringBuilder();
        int length = random.nextInt(40);
        for (int i = 0; i < length; i++) {
            int codePoint = chance(4) ? 0x20 + random.nextInt(0xD000) : 'a' + random.nextInt(26);
            result.appendCodePoint(chance(30) ? 0x1F600 + random.nextInt(64) : codePoint);
        }
        return result.toString();
    }

    private String uuid() {
        String digits = new UUID(random.nextLong(), random.nextLong()).toString();
        StringBuilder result = new StringBuilder();
        if (chance(2)) {
            result.append(digits);
        } else {
            String plain = digits.replace("-", "");
            for (int i = 0; i < plain.length(); i += 4) {
                result.append(i > 0 && chance(2) ? "-" : "").append(plain, i, i + 4);
            }
        }
        String cased = chance(3) ? result.toString().toUpperCase(Locale.ROOT) : result.toString();
        return chance(4) ? "{" + cased + "}" : cased;
    }

    private String date() {
        if (chance(50)) {
            return LocalDate.of(1 + random.nextInt(200_000), 1 + random.nextInt(12), 1)
                    .toString()
                    .replace("+", "");
        }
        LocalDate date = LocalDate.ofEpochDay(random.nextInt(60_000) - 20_000);
        return chance(10)
                ? "%d-%d-%d".formatted(date.getYear(), date.getMonthValue(), date.getDayOfMonth())
                : date.toString();
    }

    private String time() {
        String time = "%02d:%02d".formatted(random.nextInt(24), random.nextInt(60));
        if (chance(8)) {
            return time;
        }
        time += ":%02d".formatted(random.nextInt(60));
        return chance(2)
                ? time
                : time + "." + "%09d".formatted(random.nextInt(1_000_000_000)).substring(random.nextInt(9));
    }

    private String timestamp(String offset) {
        // 29 February before Christ would be there in other years.
        LocalDate date = LocalDate.ofEpochDay(random.nextInt(200_000) - 100_000);
        String era = date.getDayOfMonth() < 29 && chance(60) ? " BC" : "";
        boolean withoutTime = chance(10);
        return date
                + (withoutTime ? "" : (chance(3) ? "T" : " ") + time())
                + (withoutTime && !offset.isEmpty() ? " " + offset.replace("Z", "+00") : offset)
                + era;
    }

    private String offset() {
        if (chance(6)) {
            return "Z";
        }
        String sign = chance(2) ? "+" : "-";
        String hour = "%02d".formatted(random.nextInt(16));
        return sign
                + hour
                + switch (random.nextInt(4)) {
                    case 0 -> ":%02d".formatted(random.nextInt(60));
                    case 1 -> "%02d".formatted(random.nextInt(60));
                    case 2 -> ":%02d:%02d".formatted(random.nextInt(60), random.nextInt(60));
                    default -> "";
                };
    }

    private String numeric() {
        if (chance(40)) {
            return spaced(List.of("NaN", "Infinity", "-Infinity", "0", "-0.000", "inf")
                    .get(random.nextInt(6)));
        }
        if (chance(10)) {
            return "0x" + Long.toHexString(random.nextLong());
        }
        BigInteger digits = new BigInteger(random.nextInt(200), random);
        BigDecimal value = new BigDecimal(chance(2) ? digits : digits.negate(), random.nextInt(60) - 20);
        String text = chance(2) ? value.toPlainString() : value.toString();
        return spaced(
                chance(3) && value.scale() > 0 && !text.contains("E") ? text + "0".repeat(random.nextInt(6)) : text);
    }

    private String spaced(String text) {
        return chance(5) ? " ".repeat(random.nextInt(3)) + text + (chance(2) ? "\t" : "") : text;
    }

    private boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }
}
