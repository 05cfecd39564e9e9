FROM mcr.microsoft.com/dotnet/sdk:10.0.401-noble AS build
WORKDIR /source
# Only what names packages: as long as that stays the same, the restored packages come from the cache.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY src/Contracts/Contracts.csproj src/Contracts/
COPY src/EventStore/EventStore.csproj src/EventStore/
COPY src/Producer/Producer.csproj src/Producer/
COPY src/SchemaRegistry/SchemaRegistry.csproj src/SchemaRegistry/
COPY src/Tools/Tools.csproj src/Tools/
RUN dotnet restore src/Producer
COPY schemas schemas
COPY src src
# Analyzers have spoken before anything is merged.
RUN dotnet publish src/Producer -c Release --no-restore -p:UseAppHost=false -p:RunAnalyzers=false -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0.12-noble
WORKDIR /app
COPY --from=build /app .
USER $APP_UID
ENTRYPOINT ["dotnet", "Producer.dll"]
