using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Netra.Pipeline.Client;
using Netra.Pipeline.Diagnostics;
using Netra.Pipeline.Failures;
using Netra.Pipeline.Server.Telemetry;
using Netra.Pipeline.Tests.Infrastructure;

namespace Netra.Pipeline.Tests.Diagnostics;

public sealed class EventIdsTests
{
    private static readonly Type[] Owners = [typeof(EventIds), typeof(ServerEventIds), typeof(ClientEventIds)];
    private static readonly Assembly[] Products = [.. Owners.Select(static owner => owner.Assembly)];

    [Test]
    public void EventIds_All_AreUnique()
    {
        Assert.That(Constants(), Is.Not.Empty);
        Assert.That(Constants().Select(static constant => constant.Id), Is.Unique);
        Assert.That(Constants().Select(static constant => constant.Name), Is.Unique);
    }

    [TestCase(typeof(ServerEventIds), 1700)]
    [TestCase(typeof(ClientEventIds), 2200)]
    public void EventIds_OfAProjectWithItsOwn_AreInItsHundred(Type owner, int first)
        => Assert.That(
            Constants().Where(constant => constant.Owner == owner).Select(static constant => constant.Id),
            Is.All.InRange(first, first + 99));

    [Test]
    public void LogMethods_All_HaveAnIdOfTheListAndItsName()
    {
        var names = Constants().ToDictionary(static constant => constant.Id, static constant => constant.Name);
        var methods = Products.SelectMany(static product => product.GetTypes())
            .SelectMany(static type => type.GetMethods(
                BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly))
            .Select(static method =>
                (Method: $"{method.DeclaringType}.{method.Name}", Attribute: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(static log => log.Attribute is not null)
            .ToList();

        Assert.That(methods, Has.Count.GreaterThan(20));
        Assert.Multiple(() =>
        {
            foreach (var (method, attribute) in methods)
            {
                Assert.That(names.GetValueOrDefault(attribute!.EventId), Is.EqualTo(attribute.EventName), method);
            }

            Assert.That(methods.Select(static log => log.Attribute!.EventId), Is.Unique, "an id names one event");
        });
    }

    // Extension methods box their arguments, format where nobody listens, and have no id. The funnel looks first whether anybody listens,
    // has its ids from the list, and a state of its own: a generated method would print the parts of a failure that are not there.
    [Test]
    public void Sources_OfTheProduct_LogThroughGeneratedMethodsAlone()
    {
        var call = new Regex(
            @"\.Log(Trace|Debug|Information|Warning|Error|Critical)\(|[lL]ogger\??\.Log\(",
            RegexOptions.ExplicitCapture,
            TimeSpan.FromSeconds(1));
        var sources = Directory.EnumerateFiles(Repository.PathOf("src"), "*.cs", SearchOption.AllDirectories).ToList();
        var offenders = sources.Where(source => call.IsMatch(File.ReadAllText(source)))
            .Select(Path.GetFileName)
            .Except([$"{nameof(FailureReporter)}.cs"])
            .ToList();

        Assert.That(sources, Has.Count.GreaterThan(200));
        Assert.That(offenders, Is.Empty);
    }

    private static List<(Type Owner, string Name, int Id)> Constants() => [.. Owners
        .SelectMany(static owner => owner.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static))
        .Select(static field => (field.DeclaringType!, field.Name, (int)field.GetRawConstantValue()!))];
}
