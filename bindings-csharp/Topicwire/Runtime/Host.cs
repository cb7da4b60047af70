using System;

namespace Topicwire.Runtime
{
    /// <summary>What we run on.</summary>
    internal static class Host
    {
        /// <summary>Whether native code may call methods of ours for as long as the process lives.</summary>
        internal static bool MayBeCalled
        {
            get
            {
                // Domains of Mono and Unity are reloaded under the feet of native code.
                if (!(Type.GetType("Mono.Runtime") is null)) return false;
#if NETCOREAPP
                return !(System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(typeof(Host).Assembly)?.IsCollectible ?? false);
#else
                return !(Type.GetType("System.Runtime.Loader.AssemblyLoadContext, System.Runtime.Loader") is null);
#endif
            }
        }

        /// <summary>Runs something when the context that we were loaded into goes away.</summary>
        internal static void BeforeUnload(Action action)
        {
#if NETCOREAPP
            var context = System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(typeof(Host).Assembly);
            if (!(context is null) && context.IsCollectible) context.Unloading += _ => action();
#else
            AppDomain.CurrentDomain.DomainUnload += (sender, e) => action();
#endif
        }
    }
}
