using System.Globalization;
using System.Text.RegularExpressions;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Tests.Infrastructure;
using YamlDotNet.RepresentationModel;

namespace Netra.Pipeline.Tests.Deploy;

/// <summary>The files of <c>deploy/</c>, as far as they can be checked without the systems that they are for.</summary>
[TestFixture]
[Parallelizable(ParallelScope.All)]
internal sealed partial class DeployFilesTests
{
    private static readonly double LongestStop = (new HostingOptions().DrainTimeout + TimeSpan.FromSeconds(3)).TotalSeconds;

    [TestCase("haproxy")]
    [TestCase("nginx")]
    public async Task Proxy_ItsFile_IsValid(string kind)
    {
        var (exitCode, output) = await ReverseProxy.CheckAsync(kind);

        Assert.That(exitCode, Is.Zero, output);
        Assert.That(output, Does.Not.Contain("WARNING").And.Not.Contain("warn"));
    }

    [Test]
    public async Task Units_OfSystemd_AreValidAndStopLateEnough()
    {
        var folder = Directory.CreateTempSubdirectory("netra-units-");
        var service = await File.ReadAllTextAsync(Repository.PathOf("deploy/systemd/netra.service"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "netra.service"),
            service.Replace("/opt/netra/Netra.Pipeline.Server", "/bin/true", StringComparison.Ordinal));
        File.Copy(Repository.PathOf("deploy/systemd/netra.socket"), Path.Combine(folder.FullName, "netra.socket"));

        var (exitCode, output) = await ReverseProxy.RunAsync(
            "systemd-analyze", "verify", Path.Combine(folder.FullName, "netra.socket"), Path.Combine(folder.FullName, "netra.service"));

        folder.Delete(recursive: true);
        Assert.That((exitCode, output), Is.EqualTo((0, "")));
        Assert.That(Seconds(StopTimeout().Match(service).Groups["seconds"].Value), Is.GreaterThan(LongestStop));
        Assert.That(service, Does.Contain("Type=notify").And.Contain("LimitNOFILE=65536").And.Contain("ProtectSystem=strict"));
    }

    [Test]
    public void Manifest_ForKubernetes_FitsTheServer()
    {
        var documents = DocumentsOf("deploy/kubernetes.yaml");
        var (claim, deployment) = (documents[0], documents[1]);
        var pod = At(deployment, "spec", "template", "spec");
        var container = At(pod, "containers", "0");

        Assert.That(Text(claim, "spec", "accessModes", "0"), Is.EqualTo("ReadWriteOncePod"));
        Assert.That((Text(deployment, "spec", "replicas"), Text(deployment, "spec", "strategy", "type")), Is.EqualTo(("1", "Recreate")));
        Assert.That(Seconds(Text(pod, "terminationGracePeriodSeconds")), Is.GreaterThan(LongestStop));
        Assert.That(
            new[] { "startupProbe", "readinessProbe", "livenessProbe" }.Select(name => Text(container, name, "httpGet", "path")),
            Is.EqualTo(new[] { "/livez", "/readyz", "/livez" }));
        Assert.That(Text(container, "ports", "0", "containerPort"), Is.EqualTo("5080"));
        Assert.That(Text(container, "volumeMounts", "0", "mountPath"), Is.EqualTo("/data"));

        // Waiting for the folder and starting must not be taken for a start that hangs.
        var options = ((YamlSequenceNode)At(container, "env")).ToDictionary(
            static entry => Text(entry, "name"), static entry => Text(entry, "value"), StringComparer.Ordinal);
        var waits = TimeSpan.Parse(options["Netra__Hosting__WaitForFolder"], CultureInfo.InvariantCulture).TotalSeconds;
        var probe = At(container, "startupProbe");
        var startup = Seconds(Text(probe, "periodSeconds")) * Seconds(Text(probe, "failureThreshold"));
        Assert.That(startup, Is.GreaterThan(waits + 30));
        var drain = TimeSpan.Parse(options["Netra__Hosting__DrainTimeout"], CultureInfo.InvariantCulture);
        Assert.That(drain, Is.EqualTo(new HostingOptions().DrainTimeout));
    }

    [Test]
    public void Compose_FitsTheServerAndTheProxy()
    {
        var services = At(DocumentsOf("deploy/compose.yaml")[0], "services");

        Assert.That(Seconds(Text(services, "netra", "stop_grace_period").TrimEnd('s')), Is.GreaterThan(LongestStop));
        Assert.That(Text(services, "netra", "volumes", "0"), Does.EndWith(":/data"));
        Assert.That(Text(services, "netra", "expose", "0"), Is.EqualTo("5080"));
        Assert.That(
            Text(services, "netra", "environment", "Netra__Proxies__Trusted__0"),
            Is.EqualTo(Text(DocumentsOf("deploy/compose.yaml")[0], "networks", "inner", "ipam", "config", "0", "subnet")));
        Assert.That(Text(services, "proxy", "volumes", "0"), Does.StartWith("./nginx.conf:"));
        Assert.That(File.ReadAllText(Repository.PathOf("deploy/nginx.conf")), Does.Contain("127.0.0.1:5081").And.Contain("127.0.0.1:5080"));
    }

    [Test]
    public void Dockerfile_BuildsWhatThereIsForAUserWithoutRights()
    {
        var lines = File.ReadAllLines(Repository.PathOf("deploy/Dockerfile"));

        var project = lines.Single(static line => line.Contains("dotnet publish", StringComparison.Ordinal)).Split(' ')[3];
        Assert.That(Directory.Exists(Repository.PathOf(project)), Is.True, project);
        Assert.That(lines, Has.Some.EqualTo("USER $APP_UID").And.Some.EqualTo("STOPSIGNAL SIGTERM"));
        Assert.That(lines, Has.Some.Contains("Netra__DataDirectory=/data").And.Some.EqualTo("EXPOSE 5080"));
        Assert.That(lines, Has.Some.EqualTo("""ENTRYPOINT ["./Netra.Pipeline.Server"]"""));
    }

    private static List<YamlNode> DocumentsOf(string file)
    {
        using var reader = new StreamReader(Repository.PathOf(file));
        var yaml = new YamlStream();
        yaml.Load(reader);
        return [.. yaml.Documents.Select(static document => document.RootNode)];
    }

    private static YamlNode At(YamlNode node, params string[] path) => path.Aggregate(
        node, static (at, name) => at is YamlSequenceNode list ? list[int.Parse(name, CultureInfo.InvariantCulture)] : at[name]);

    private static string Text(YamlNode node, params string[] path) => ((YamlScalarNode)At(node, path)).Value!;

    private static double Seconds(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^TimeoutStopSec=(?<seconds>\d+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex StopTimeout();
}
