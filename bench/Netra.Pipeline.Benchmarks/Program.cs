using BenchmarkDotNet.Running;
using Netra.Pipeline.Benchmarks.Infrastructure;

// Everything but --results is BenchmarkDotNet's: see bench/README.md.
var report = ResultsReport.TakeOption(ref args);
var summaries = BenchmarkSwitcher.FromAssembly(typeof(BenchmarkConfig).Assembly).Run(args, new BenchmarkConfig()).ToList();
report?.Write(summaries);
return summaries.Count > 0 && summaries.All(static s => !s.HasCriticalValidationErrors && s.Reports.All(static r => r.Success)) ? 0 : 1;
