using Microsoft.Extensions.Options;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Delivery;

[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed class DeliveryOptionsTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [TestCase("Netra:Delivery:FirstRetry is 00:00:00", "FirstRetry", "0")]
    [TestCase("Netra:Delivery:Tries is 11", "Tries", "11")]
    [TestCase("Netra:Delivery:MaxRetryPause is 00:00:05; it must not be below FirstRetry, which is 00:00:10", "MaxRetryPause", "00:00:05")]
    [TestCase("Netra:Delivery:DeadLetterRetention is 00:00:00", "DeadLetterRetention", "0")]
    [TestCase("Netra:Delivery:MaxDeadLetters is 1", "MaxDeadLetters", "1")]
    [TestCase("Netra:Delivery:EmergencyTimeout is 00:00:00", "EmergencyTimeout", "0")]
    [TestCase("Netra:Delivery:EmergencyQueue is 0", "EmergencyQueue", "0")]
    [TestCase("Netra:Delivery:Webhook:Timeout is 00:00:00", "Webhook:Timeout", "0")]
    [TestCase("Netra:Delivery:Webhook:Tries is 0", "Webhook:Tries", "0")]
    [TestCase("Netra:Delivery:Webhook:FirstRetry is 00:00:00", "Webhook:FirstRetry", "0")]
    [TestCase(
        "Netra:Delivery:Webhook:MaxRetryPause is 00:00:02; it must not be below FirstRetry, which is 00:00:05",
        "Webhook:MaxRetryPause",
        "00:00:02")]
    [TestCase("Netra:Delivery:Webhook:Secret is missing", "Webhook:Url", "https://127.0.0.1/")]
    [TestCase("Netra:Delivery:Webhook:Url is missing", "Webhook:Secret", Secret)]
    [TestCase("Url is not an absolute http or https URL", "Webhook:Url", "/hook", "Webhook:Secret", Secret)]
    [TestCase("Url is not an absolute http or https URL", "Webhook:Url", "ftp://127.0.0.1/", "Webhook:Secret", Secret)]
    [TestCase("Secret must begin with whsec_", "Webhook:Url", "https://127.0.0.1/", "Webhook:Secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("Secret must be base64 after whsec_", "Webhook:Url", "https://127.0.0.1/", "Webhook:Secret", "whsec_not base64, this")]
    [TestCase("Secret holds 5 bytes; it must hold 24 to 64", "Webhook:Url", "https://127.0.0.1/", "Webhook:Secret", "whsec_c2hvcnQ=")]
    public void Host_InvalidOption_DoesNotStartAndSaysWhichOne(string problem, params string[] settings)
    {
        var (app, _) = PipelineHost.Build(settings: [.. settings.Chunk(2).Select(static pair => ($"Netra:Delivery:{pair[0]}", pair[1]))]);

        var failure = Assert.ThrowsAsync<OptionsValidationException>(() => app.StartAsync())!;

        Assert.That(failure.Message, Does.Contain(problem));
        Assert.That(failure.Message, Does.Not.Contain("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "a secret is not repeated");
    }
}
