using System.CommandLine;
using Netra.Pipeline.Server.CommandLine;
using Netra.Pipeline.Sqlite;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Server.CommandLine;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class ServerCommandLineTests
{
    [TestCase(ExpectedResult = false)]
    [TestCase("--urls=http://127.0.0.1:0", ExpectedResult = false)]
    [TestCase("--Netra:DataDirectory", "check", ExpectedResult = false)]
    [TestCase("/urls=http://127.0.0.1:0", ExpectedResult = false)]
    [TestCase("Netra:DataDirectory=check", ExpectedResult = false)]
    [TestCase("mistyped", ExpectedResult = true)]
    [TestCase("--help", ExpectedResult = true)]
    public bool IsCommand_OfArguments_TellsWordsFromSettings(params string[] arguments) => ServerCommandLine.IsCommand(arguments);

    [TestCase("check --Netra:DataDirectory=/a b", "check b|--Netra:DataDirectory=/a")]
    [TestCase("backup --Netra:DataDirectory /a /b", "backup /b|--Netra:DataDirectory /a")]
    [TestCase("check --json --environment=Production", "check --json|--environment=Production")]
    public void Split_SettingsAmongArguments_GoToTheConfiguration(string arguments, string expected)
    {
        var (command, settings) = CommandArguments.Split(arguments.Split(' '));

        Assert.That($"{string.Join(' ', command)}|{string.Join(' ', settings)}", Is.EqualTo(expected));
    }

    [Test]
    public async Task Command_WhoseFileCannotBeWritten_ExitsWithOneAndDoesNotFall()
    {
        var command = new Command("fail");
        command.SetAction(
            static Task<int> (ParseResult _, CancellationToken _) => throw new SqliteFailureException(5, "database is locked", "INSERT"));

        Assert.That(await ServerCommand.RunAsync(_ => new RootCommand { command }, ["fail"]), Is.EqualTo(1));
    }

    [Test]
    public async Task Server_MistypedCommand_SaysSoInOneLineAndStartsNothing()
    {
        await using var program = ServerProcess.Run("chekc");

        var (exitCode, output) = await program.WhenExitedAsync();

        Assert.That(exitCode, Is.EqualTo(1), output);
        Assert.That(output.Trim(), Does.Contain("chekc").And.Not.Contain("\n"));
    }
}
