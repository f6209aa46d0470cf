// SPDX-License-Identifier: Apache-2.0
package io.trunkline.tpcc;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** What is drawn at random, as clauses 2.1.6 and 4.3.2 have it; the same seed draws the same. Not thread-safe. */
final class TpccRandom {
    private static final String[] SYLLABLES = {
        "BAR", "OUGHT", "ABLE", "PRI", "PRES", "ESE", "ANTI", "CALLY", "ATION", "EING"
    };
    private static final String LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private static final String DIGITS = "0123456789";
    private static final int LAST_NAMES = 1_000;

    // Constants A of NURand, and one value each for its C: any will do within a run.
    private static final int LAST_NAME_SPREAD = 255;
    private static final int LAST_NAME_SHIFT = 123;
    private static final int CUSTOMER_SPREAD = 1_023;
    private static final int CUSTOMER_SHIFT = 259;
    private static final int ITEM_SPREAD = 8_191;
    private static final int ITEM_SHIFT = 7_911;

    private final Random random;

    TpccRandom(long seed) {
        random = new Random(seed);
    }

    /** Returns a number of {@code [from .. to]}. */
    int uniform(int from, int to) {
        return from + random.nextInt(to - from + 1);
    }

    /** Returns true in so many of a hundred cases. */
    boolean percent(int percent) {
        return uniform(1, 100) <= percent;
    }

    /** Returns a number of {@code [from .. to]} with so many digits behind the point. */
    BigDecimal decimal(int from, int to, int digits) {
        return BigDecimal.valueOf(uniform(from, to), digits);
    }

    private int skewed(int spread, int shift, int from, int to) {
        return ((uniform(0, spread) | uniform(from, to)) + shift) % (to - from + 1) + from;
    }

    int customer(Cardinalities cardinalities) {
        return skewed(CUSTOMER_SPREAD, CUSTOMER_SHIFT, 1, cardinalities.customers());
    }

    int item(Cardinalities cardinalities) {
        return skewed(ITEM_SPREAD, ITEM_SHIFT, 1, cardinalities.items());
    }

    /** Returns the last name of some customer of each district. */
    String lastName(Cardinalities cardinalities) {
        int names = Math.min(LAST_NAMES, cardinalities.customers());
        return lastName(skewed(LAST_NAME_SPREAD, LAST_NAME_SHIFT, 0, names - 1));
    }

    /** Returns the last name that goes with a number below 1,000. */
    static String lastName(int number) {
        return SYLLABLES[number / 100] + SYLLABLES[number / 10 % 10] + SYLLABLES[number % 10];
    }

    /** Returns a warehouse that is not the one given; that one when there is no other. */
    int otherWarehouse(int warehouse, Cardinalities cardinalities) {
        if (cardinalities.warehouses() == 1) {
            return warehouse;
        }
        int other = uniform(1, cardinalities.warehouses() - 1);
        return other < warehouse ? other : other + 1;
    }

    /** Returns letters and digits, of a length between the two. */
    String text(int shortest, int longest) {
        return draw(LETTERS, uniform(shortest, longest));
    }

    String digits(int length) {
        return draw(DIGITS, length);
    }

    /** Returns the data of an item or a stock: one in ten says ORIGINAL somewhere. */
    String data() {
        String text = text(26, 50);
        if (!percent(10)) {
            return text;
        }
        int at = uniform(0, text.length() - 8);
        return text.substring(0, at) + "ORIGINAL" + text.substring(at + 8);
    }

    String zip() {
        return digits(4) + "11111";
    }

    private String draw(String alphabet, int length) {
        StringBuilder text = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            text.append(alphabet.charAt(random.nextInt(alphabet.length())));
        }
        return text.toString();
    }

    /** Returns the numbers from 1 on in some order. */
    List<Integer> permutation(int last) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 1; i <= last; i++) {
            numbers.add(i);
        }
        shuffle(numbers);
        return numbers;
    }

    void shuffle(List<?> list) {
        Collections.shuffle(list, random);
    }
}
