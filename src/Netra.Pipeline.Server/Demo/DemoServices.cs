using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Netra.Pipeline.Hosting;
using Netra.Pipeline.Server.Demo.Docs;
using Netra.Pipeline.Server.Demo.Tools;

namespace Netra.Pipeline.Server.Demo;

/// <summary>Adds the demo: its agents, its tools, and the handler that gives them the chat page's messages.</summary>
internal static class DemoServices
{
    public static NetraPipelineBuilder AddDemo(this NetraPipelineBuilder pipeline)
    {
        var services = pipeline.Services;
        services.AddOptions<DemoOptions>().BindConfiguration(DemoOptions.SectionName).ValidateOnStart();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DemoOptions>, DemoOptionsValidator>());
        services.TryAddSingleton<DocumentFolder>();
        services.TryAddSingleton<DocumentIndex>();
        services.TryAddSingleton<DraftFolder>();
        return pipeline
            .AddTool<CalculateTool>()
            .AddTool<CurrentTimeTool>()
            .AddTool<SearchDocsTool>()
            .AddTool<ReadFileTool>()
            .AddTool<DeleteDraftTool>()
            .AddAgent<DemoAgent>(isResumable: true)
            .AddAgent<DocResearcherAgent>()
            .AddMessageHandler<DemoMessageHandler>();
    }
}
