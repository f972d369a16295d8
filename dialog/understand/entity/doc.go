// Package entity finds typed values in what a caller said or typed: dates,
// times, money, numbers, telephone numbers, codes, addresses, a yes or a no.
// It also turns spoken text into written text (Written) and back (Spoken).
//
// The central function is Find; Value is what it returns. Text is what a
// recogniser writes (lower case, no punctuation, numbers as words) or what a
// person types; both may be mixed. A text is split into tokens once
// (lex.go); each type has a reader that is tried at every token, and the
// first, longest reading wins. A value that the caller corrects ("tuesday no
// wednesday") gives way to the later one.
//
// Everything is pure: no clock, no state, any goroutine. A text is read up to
// 4,096 bytes; the time taken is bounded by its length.
//
// # Languages
//
// English is complete. German, French, Spanish and Chinese know numbers,
// ordinals (but Chinese), digits, durations, dates, times, money and yes or
// no. A language is a BCP 47 tag; an unknown one is taken for English. "en"
// and "en-US" read 03/04/2026 as 4 March, every other tag as 3 April.
//
// # Dates and times
//
// Conventions are those of Duckling (github.com/facebook/duckling) where it
// has one. "Today" is the day of the moment at, in its location.
//
//   - "tuesday", "this tuesday" and "next tuesday" are the first tuesday after
//     today; said on a tuesday, that of next week. "tuesday next week" is in
//     the week that begins on next monday, "last tuesday" is before today.
//   - "march third" is the next one to come, today included; the one before
//     it is an alternative. "the third" likewise.
//   - "next week" begins on monday, "next month" on the first. "the weekend"
//     begins on saturday. "end of the month" is its last day, "middle" the
//     15th; "end of the week" is friday.
//   - "in two weeks" is 14 days on, "in a month" the same day of next month,
//     or its last day where it has none.
//   - A time without am, pm or a part of the day is read as a 24-hour clock
//     reads it: "half past nine" is 09:30; 21:30 is the alternative. "half
//     nine" is 09:30 in English, 08:30 in German.
//   - A datetime without a day is the next moment at which a clock shows it,
//     either half of the day where that was not said. One without a time is
//     00:00; with a part of the day it is 09:00, 15:00, 19:00 or 21:00.
//
// # Numbers
//
//   - A duration counts months as 30 days and years as 365.
//   - Money has no currency where none was said: "twelve fifty" is 12.5. "$"
//     and dollars are USD, pounds GBP, "¥" JPY (CNY in Chinese).
//   - In digit strings a ten takes the unit after it: "twenty three" is 23,
//     and 203 is an alternative. A hundred takes what follows only after
//     "and", or where it ends the group: "eight hundred five five" is 80055.
//   - "o" between digits is 0, between letters of a code O.
package entity
