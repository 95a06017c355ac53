// What Octavo says, for people and for programs.
//
// Two forms, made from the same values. `Table` lays out rows for a terminal: words to the left,
// numbers to the right, the one stretching column cut where the window ends. `JSONReport` writes
// documents whose keys stay: a number is a number of what its key says (`residentBytes`), an
// address is a string in hexadecimal, because a JSON reader may lose digits above 2^53.
//
//     ReplayReport ──┬─> Table ──────> terminal
//     LayoutSheet  ──┘└> JSONReport ─> file, rewritten whole or not at all
//
// Sizes print in kB as `/proc` does: 1024 bytes, rounded down, no fraction. Nothing here writes to
// a stream: the commands do, since they know whether anyone still reads.
