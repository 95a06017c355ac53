import Testing

@Suite("Shell completion")
struct CompletionTests {
  @Test("the script for each shell knows every command", arguments: ["bash", "zsh", "fish"])
  func scriptKnowsCommands(shell: String) throws {
    let end = try CommandLine.run("--generate-completion-script", shell)
    #expect(end.status == 0)
    for command in ["record", "run", "replay", "layout", "compare", "shell"] {
      #expect(end.output.contains(command), "\(command) is missing")
    }
  }

  @Test("bash accepts its script")
  func bashAcceptsScript() throws {
    let end = try CommandLine.shell(
      #"source <("$OCTAVO" --generate-completion-script bash) && complete -p octavo"#)
    #expect(end.status == 0)
    #expect(end.errors.isEmpty)
  }
}
