using System.Text.Json.Nodes;
using Netra.Pipeline.Server.Demo.Arithmetic;
using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Tests.Server.Demo.Tools;

public sealed class CalculateToolTests
{
    [Test]
    public async Task Invoke_Expression_GivesItsValueAsANumber()
    {
        var result = await new CalculateTool().CallAsync("""{"expression":" (2+3)*4 "}""");

        Assert.That(JsonNode.DeepEquals(result, JsonNode.Parse("""{"expression":"(2+3)*4","value":20}""")), Is.True);
    }

    [Test]
    public void Invoke_DivisionByZero_FailsAndSaysSo() => Assert.That(
        async () => await new CalculateTool().CallAsync("""{"expression":"1/0"}"""),
        Throws.TypeOf<CalculationException>().With.Message.Contains("division by zero"));

    [TestCase("{}", "'expression' is missing")]
    [TestCase("""{"expression":""}""", "'expression' is missing")]
    [TestCase("""{"expression":12}""", "'expression' must be text")]
    public void Invoke_WrongArguments_NamesTheArgument(string arguments, string reason) => Assert.That(
        async () => await new CalculateTool().CallAsync(arguments), Throws.TypeOf<ToolInputException>().With.Message.Contains(reason));
}
