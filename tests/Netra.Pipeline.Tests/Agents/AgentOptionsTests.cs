using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Agents;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Agents;

internal sealed class AgentOptionsTests
{
    [TestCase("MaxOpenRuns", "0")]
    [TestCase("MaxDelegationDepth", "-1")]
    [TestCase("QuestionPreviewLength", "10001")]
    [TestCase("LeftoverTimeout", "01:00:00")]
    public async Task Start_OptionOutOfRange_DoesNotStartAndNamesIt(string option, string value)
    {
        var (app, _) = PipelineHost.Build(settings: [($"Netra:Agents:{option}", value)]);
        await using (app)
        {
            Assert.That(async () => await app.StartAsync(), Throws.TypeOf<OptionsValidationException>().With.Message.Contains(option));
        }
    }

    [Test]
    public async Task Configuration_OfTheSection_IsTaken()
    {
        var (app, _) = PipelineHost.Build(settings: [("Netra:Agents:MaxDelegationDepth", "0")]);
        await using (app)
        {
            Assert.That(app.Services.GetRequiredService<IOptions<AgentOptions>>().Value.MaxDelegationDepth, Is.Zero);
        }
    }
}
