import TestSupport
import Testing

struct HistoryTests {
  @Test("an address space and a dictionary of pages agree after any history of calls")
  func histories() {
    checkHistories(count: 5, length: 200) { random in
      SpaceOperation.draw(&random)
    } run: { operations in
      var history = try SpaceHistory()
      for (index, operation) in operations.enumerated() {
        try history.run(operation)
        try history.check(contents: index % 40 == 39)
      }
      try history.check(contents: true)
      try history.end()
    }
  }
}
