// SPDX-License-Identifier: Apache-2.0
package io.trunkline.topology;

import io.trunkline.topology.KeyValue.DateKey;
import io.trunkline.topology.KeyValue.TimestampKey;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of the input functions of {@code date}, {@code timestamp} and {@code timestamptz} that means the same under every
 * {@code DateStyle} and {@code TimeZone}: ISO 8601 with the year first, {@code infinity}, and numeric offsets.
 *
 * <p>A {@code date} ignores time and offset, a {@code timestamp} ignores the offset, as PostgreSQL does (JDBC drivers send
 * them). A {@code timestamptz} without an offset is refused, because the session's {@code TimeZone} decides about it.
 *
 * @see <a href="https://www.postgresql.org/docs/17/datatype-datetime.html#DATATYPE-DATETIME-INPUT">Date/time input</a>
 */
final class DateTimeInput {
    /** Longest text read, in characters. */
    private static final int CHARACTERS_MAX = 64;

    private static final Pattern ISO = Pattern.compile("""
            (?<year>\\d{4,7})-(?<month>\\d{1,2})-(?<day>\\d{1,2})\
            (?:(?:T|\\ +)(?<hour>\\d{2}):(?<minute>\\d{2})(?::(?<second>\\d{2})(?<fraction>\\.\\d*)?)?)?\
            (?:(?<utc>Z)|\\ *(?<sign>[+-])(?<offsetHour>\\d{2})\
            (?::(?<offsetMinute>\\d{2})(?::(?<offsetSecond>\\d{2}))?|(?<offsetMinuteAlone>\\d{2}))?)?\
            (?<era>\\ +BC)?""");

    private static final String SYNTAX =
            "YYYY-MM-DD[ HH:MM[:SS[.ffffff]]][±HH[:MM]], or infinity; with an offset for timestamptz";

    /** 2000-01-01, the day PostgreSQL counts from, in days since 1970-01-01. */
    private static final long EPOCH_DAY = LocalDate.of(2000, 1, 1).toEpochDay();

    /** The first day of the Julian count, 4714-11-24 BC: earlier dates and timestamps are out of range. */
    private static final long FIRST_DAY = LocalDate.of(-4713, 11, 24).toEpochDay();

    /** The last {@code date}. */
    private static final long LAST_DAY = LocalDate.of(5_874_897, 12, 31).toEpochDay();

    /** The day that no {@code timestamp} reaches. */
    private static final long TIMESTAMP_END_DAY = LocalDate.of(294_277, 1, 1).toEpochDay();

    private static final long SECOND_MICROS = 1_000_000;
    private static final long DAY_MICROS = 86_400 * SECOND_MICROS;
    private static final long TIMESTAMP_MIN = (FIRST_DAY - EPOCH_DAY) * DAY_MICROS;
    private static final long TIMESTAMP_END = (TIMESTAMP_END_DAY - EPOCH_DAY) * DAY_MICROS;

    /** The largest offset PostgreSQL reads, exclusive, in hours. */
    private static final int OFFSET_HOURS_END = 16;

    private DateTimeInput() {}

    static KeyValue read(KeyType type, CharSequence text) {
        int start = InputText.trimmedStart(text);
        int end = Math.max(start, InputText.trimmedEnd(text));
        if (end - start > CHARACTERS_MAX) {
            throw refuse(type, text);
        }
        String trimmed = text.subSequence(start, end).toString();
        switch (trimmed.toLowerCase(Locale.ROOT)) {
            case "infinity":
                return type == KeyType.DATE ? new DateKey(Integer.MAX_VALUE) : new TimestampKey(Long.MAX_VALUE);
            case "-infinity":
                return type == KeyType.DATE ? new DateKey(Integer.MIN_VALUE) : new TimestampKey(Long.MIN_VALUE);
            default:
                break;
        }
        Matcher fields = ISO.matcher(trimmed);
        // An offset directly behind the date could be read as a part of it.
        if (!fields.matches() || (fields.group("hour") == null && endsDateWithOffset(fields))) {
            throw refuse(type, text);
        }
        long day = day(type, text, fields);
        long timeMicros = timeMicros(type, text, fields);
        long offsetMicros = offsetMicros(type, text, fields);
        if (type == KeyType.DATE) {
            if (day < FIRST_DAY || day > LAST_DAY) {
                throw refuse(type, text);
            }
            return new DateKey((int) (day - EPOCH_DAY));
        }
        if (day < FIRST_DAY - 1 || day > TIMESTAMP_END_DAY) {
            throw refuse(type, text);
        }
        if (type == KeyType.TIMESTAMPTZ && fields.group("utc") == null && fields.group("sign") == null) {
            throw new KeyFormatException(
                    type, text, "an offset from UTC, since the session's TimeZone is not known here");
        }
        long local = (day - EPOCH_DAY) * DAY_MICROS + timeMicros;
        long micros = type == KeyType.TIMESTAMPTZ ? local - offsetMicros : local;
        if (micros < TIMESTAMP_MIN || micros >= TIMESTAMP_END) {
            throw refuse(type, text);
        }
        return new TimestampKey(micros);
    }

    private static boolean endsDateWithOffset(Matcher fields) {
        int dateEnd = fields.end("day");
        boolean utc = fields.group("utc") != null;
        boolean offset = fields.group("sign") != null;
        return utc || (offset && fields.start("sign") == dateEnd);
    }

    private static long day(KeyType type, CharSequence text, Matcher fields) {
        int year = number(fields, "year");
        try {
            // There is no year zero: 1 BC is 0 in the arithmetic of ISO 8601.
            if (year == 0) {
                throw refuse(type, text);
            }
            return LocalDate.of(
                            fields.group("era") == null ? year : 1 - year,
                            number(fields, "month"),
                            number(fields, "day"))
                    .toEpochDay();
        } catch (DateTimeException e) {
            throw refuse(type, text);
        }
    }

    /** Returns the time of day; {@code 24:00:00} and the second 60 are allowed and mean the moment after. */
    private static long timeMicros(KeyType type, CharSequence text, Matcher fields) {
        int hour = number(fields, "hour");
        int minute = number(fields, "minute");
        int second = number(fields, "second");
        String fraction = fields.group("fraction");
        // As PostgreSQL: the fraction becomes a double, and is rounded half to even.
        long fractionMicros = fraction == null || fraction.length() == 1
                ? 0
                : (long) Math.rint(Double.parseDouble("0" + fraction) * SECOND_MICROS);
        long micros = ((hour * 60L + minute) * 60 + second) * SECOND_MICROS + fractionMicros;
        if (minute > 59 || second > 60 || micros > DAY_MICROS) {
            throw refuse(type, text);
        }
        return micros;
    }

    private static long offsetMicros(KeyType type, CharSequence text, Matcher fields) {
        int hour = number(fields, "offsetHour");
        int minute = number(fields, "offsetMinute") + number(fields, "offsetMinuteAlone");
        int second = number(fields, "offsetSecond");
        if (hour >= OFFSET_HOURS_END || minute > 59 || second > 59) {
            throw refuse(type, text);
        }
        long micros = ((hour * 60L + minute) * 60 + second) * SECOND_MICROS;
        return "-".equals(fields.group("sign")) ? -micros : micros;
    }

    private static int number(Matcher fields, String name) {
        String digits = fields.group(name);
        return digits == null ? 0 : Integer.parseInt(digits);
    }

    static String dateText(int days) {
        if (days == Integer.MAX_VALUE || days == Integer.MIN_VALUE) {
            return days > 0 ? "infinity" : "-infinity";
        }
        LocalDate date = LocalDate.ofEpochDay(EPOCH_DAY + days);
        return isoDate(date) + era(date);
    }

    /** Returns the timestamp with the offset of UTC, so that it can be read as either type. */
    static String timestampText(long micros) {
        if (micros == Long.MAX_VALUE || micros == Long.MIN_VALUE) {
            return micros > 0 ? "infinity" : "-infinity";
        }
        LocalDate date = LocalDate.ofEpochDay(EPOCH_DAY + Math.floorDiv(micros, DAY_MICROS));
        long time = Math.floorMod(micros, DAY_MICROS);
        long seconds = time / SECOND_MICROS;
        long fraction = time % SECOND_MICROS;
        return isoDate(date)
                + String.format(Locale.ROOT, " %02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
                + (fraction == 0 ? "" : String.format(Locale.ROOT, ".%06d", fraction))
                + "+00"
                + era(date);
    }

    private static String isoDate(LocalDate date) {
        int year = date.getYear() > 0 ? date.getYear() : 1 - date.getYear();
        return String.format(Locale.ROOT, "%04d-%02d-%02d", year, date.getMonthValue(), date.getDayOfMonth());
    }

    private static String era(LocalDate date) {
        return date.getYear() > 0 ? "" : " BC";
    }

    private static KeyFormatException refuse(KeyType type, CharSequence text) {
        return new KeyFormatException(type, text, SYNTAX);
    }
}
